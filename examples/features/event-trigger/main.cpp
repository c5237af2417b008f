// A directory that fills while the process that imports it is killed again and again.
//
// One process writes files into inbox/, another has a trigger that looks for them. The first one
// kills the second with SIGKILL in the middle of its work, several times, and starts it anew. In
// the end every file has started one execution, and its sum is right: what a poll has found, and
// how far it has come (`trigger.state`), are one transaction.
//
// The processes are this program again.
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cloacina/cloacina.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>
#include <thread>

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int kills = 5;
constexpr int files_for_each = 25;
constexpr int files = files_for_each * (kills + 1);
constexpr auto url = "sqlite://event-trigger.db";
fs::path const inbox = "inbox";

namespace keys {
CLOACINA_KEY(file, std::string);
CLOACINA_KEY(sum, int);
}  // namespace keys
using namespace keys;

CLOACINA_TASK(add_up, .reads = {file}, .writes = {sum}) {
  std::ifstream stream{inbox / context.get(file)};
  if (!stream) throw std::runtime_error{"cannot read " + context.get(file)};
  int total = 0;
  for (int amount = 0; stream >> amount;) total += amount;
  context.sleep_for(20ms);
  context.put(sum, total);
}
CLOACINA_WORKFLOW(import_file, .inputs = {file}, .tasks = {add_up});

/// The names that come after the last one, in order. A file's name says when it came.
std::vector<std::string> names_after(std::string const& last) {
  std::vector<std::string> names;
  for (auto const& entry : fs::directory_iterator{inbox})
    if (auto name = entry.path().filename().string(); name > last) names.push_back(std::move(name));
  std::sort(names.begin(), names.end());
  return names;
}

using Import = decltype(import_file(file = ""));
constexpr std::size_t most_at_once = 1000;

CLOACINA_TRIGGER(new_files, .workflow = import_file, .poll_interval = 20ms) {
  std::string last;
  if (trigger.state.contains("last")) last = trigger.state.get_as<std::string>("last");
  auto const seen = names_after(last);
  if (seen.empty()) return skip();
  auto const up_to = seen[std::min(seen.size(), most_at_once) - 1];  // the next poll goes on
  trigger.state.put("last", up_to);

  // A directory is not read in one moment: a look may see the last file and not the one before it,
  // which came meanwhile. A second look sees it.
  std::vector<Import> jobs;
  for (auto const& found : names_after(last))
    if (found <= up_to) jobs.push_back(import_file(file = found));
  return fire(jobs);
}

std::string name_of(int i) { return "orders-" + std::to_string(1000 + i) + ".csv"; }

/// Until its standard input is closed.
void wait_for_parent() {
  char byte = 0;
  (void)!read(STDIN_FILENO, &byte, 1);
}

/// Writes each file elsewhere and moves it, so that no half of one is ever seen. The last ones come
/// when nobody is to be killed any more, so that each kill is in the middle.
int fill() {
  for (int i = 0; i < files; ++i) {
    if (i == files - files_for_each) wait_for_parent();
    std::ofstream{"part"} << i << '\n' << 2 * i << '\n';
    fs::rename("part", inbox / name_of(i));
    std::this_thread::sleep_for(25ms);
  }
  return 0;
}

int import() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // before the runner: its threads inherit it

  // A runner counts as dead once it was not heard of for a lease; 15 s are the default.
  cloacina::DefaultRunner runner{url, {.lease = 500ms}};
  int received = 0;
  sigwait(&ends, &received);
  runner.shutdown();
  return 0;
}

/// This program in another part; its standard input is a pipe from here.
class Process {
 public:
  explicit Process(char const* part) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    std::string program = "event-trigger", argument = part;
    char* arguments[] = {program.data(), argument.data(), nullptr};
    int const error = posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    input_ = ends[1];
    if (error != 0) throw std::runtime_error{"no process"};
  }
  void send(int signal) const { kill(pid_, signal); }
  /// Lets it end; whether it did so by itself, and well.
  bool end() const {
    close(input_);
    int status = 0;
    waitpid(pid_, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

 private:
  pid_t pid_ = 0;
  int input_ = -1;
};

/// Files that were imported once, and rightly.
int count_right(cloacina::Client const& client) {
  std::map<std::string, std::vector<int>> sums;
  auto const completed = cloacina::WorkflowStatus::completed;
  for (auto const& info : client.list({.status = completed, .limit = 1000})) {
    auto const context = client.result(info.id).context();
    sums[context.get_as<std::string>("file")].push_back(context.get_as<int>("sum"));
  }
  int right = 0;
  for (int i = 0; i < files; ++i) right += sums[name_of(i)] == std::vector{3 * i} ? 1 : 0;
  return right;
}

std::size_t count_completed(cloacina::Client const& client) {
  return client.list({.status = cloacina::WorkflowStatus::completed, .limit = 1000}).size();
}

void wait_for(cloacina::Client const& client, std::size_t many) {
  while (count_completed(client) < many) std::this_thread::sleep_for(5ms);
}

int main(int argc, char** argv) {
  if (argc > 1) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // no part outlives the whole
    return argv[1] == std::string{"fill"} ? fill() : import();
  }

  fs::create_directory(inbox);
  cloacina::Client const client{url};
  Process const filler{"fill"};
  auto importer = std::make_unique<Process>("import");
  int killed = 0;
  for (std::size_t i = 1; i <= kills; ++i) {
    wait_for(client, i * files_for_each - 5);
    importer->send(SIGKILL);
    killed += importer->end() ? 0 : 1;
    importer = std::make_unique<Process>("import");
  }
  bool ended = filler.end();
  wait_for(client, files);
  importer->send(SIGTERM);
  ended &= importer->end();

  auto const right = count_right(client);
  auto const executions = client.list({.limit = 1000}).size();
  std::printf("killed in the middle: %d times\n", killed);
  std::printf("files imported, each once: %d of %d, by %zu executions\n", right, files, executions);
  return killed == kills && ended && right == files && executions == files ? 0 : 1;
}
