#include <cloacina/tenant_host.hpp>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <cloacina/error.hpp>

#include "core/database_url.hpp"
#include "core/schema_name.hpp"
#include "engine/crew.hpp"
#include "engine/log.hpp"
#include "engine/start_thread.hpp"
#include "runner/check_config.hpp"
#include "runner/machine.hpp"

namespace cloacina {
namespace {

using namespace std::chrono_literals;
using detail::Machine;

constexpr std::size_t closed_at_once = 16;

DefaultRunnerConfig checked(DefaultRunnerConfig config) {
  detail::check_config(config);
  return config;
}

}  // namespace

struct TenantHost::Core {
  /// A name that was asked for.
  struct Tenant {
    std::mutex changing;  // held while it is opened or closed
    // Guarded by the core's mutex:
    std::shared_ptr<DefaultRunner> runner;
    bool closed = false;  // whoever waited to open it asks for the name again
  };

  Core(std::string_view its_url, DefaultRunnerConfig its_config, Registry const& registry)
      : url_text(its_url),
        url(DatabaseUrl::parse(its_url)),
        config(checked(std::move(its_config))),
        workflows(registry.snapshot()),
        crons(registry.crons()),
        triggers(registry.triggers()),
        server(detail::share_server(url, config)),
        crew(engine::Crew::make(config.max_concurrent_tasks)) {}

  /// Throws `StateError` in the child of a fork: before any lock is taken, which may be held by a
  /// thread that is not there.
  void check_not_forked() const;
  /// The one of that name, new if there is none.
  [[nodiscard]] std::shared_ptr<Tenant> find(std::string_view name);
  /// One that could not be opened.
  void forget(std::string_view name, Tenant& tenant);
  [[nodiscard]] std::shared_ptr<DefaultRunner> open(std::string_view name) const;
  [[nodiscard]] std::string url_of(std::string_view name) const;
  /// Whether it was open.
  bool close(Tenant& tenant, WaitTime timeout);

  std::string url_text;
  DatabaseUrl url;
  DefaultRunnerConfig config;
  Registry::Snapshot workflows;
  std::vector<CronRegistration> crons;
  std::vector<TriggerDefinition> triggers;
  std::shared_ptr<backend::SharedServer> server;  // null for SQLite
  std::shared_ptr<engine::Crew> crew;

  pid_t process = ::getpid();

  mutable std::mutex mutex;  // guards what follows; held for moments
  std::map<std::string, std::shared_ptr<Tenant>, std::less<>> tenants;
  bool shut_down = false;

  std::mutex shutting_down;  // held until all are closed
};

std::string TenantHost::Core::url_of(std::string_view name) const {
  if (url.backend != DatabaseUrl::Backend::sqlite || url.memory) return url_text;
  auto const options = std::min(url_text.find('?'), url_text.size());
  auto directory = url_text.substr(0, options);
  if (!directory.ends_with('/')) directory += '/';
  return directory + std::string{name} + ".db" + url_text.substr(options);
}

std::shared_ptr<DefaultRunner> TenantHost::Core::open(std::string_view name) const {
  Machine::Parts parts{.database_url = url_of(name),
                       .schema = std::nullopt,
                       .config = config,
                       .workflows = workflows,
                       .crons = crons,
                       .triggers = triggers,
                       .environment = Environment::system(),
                       .observer = nullptr,
                       .crew = crew,
                       .server = server};
  if (url.backend == DatabaseUrl::Backend::postgres) parts.schema = std::string{name};
  return std::shared_ptr<DefaultRunner>{
      new DefaultRunner{std::make_shared<Machine>(std::move(parts))}};
}

void TenantHost::Core::check_not_forked() const {
  if (::getpid() != process)
    throw StateError{
        "this process was forked from the one that made the host; start a program of its own (fork "
        "and exec), or fork before the host is made"};
}

void TenantHost::Core::forget(std::string_view name, Tenant& tenant) {
  std::lock_guard lock{mutex};
  tenant.closed = true;
  auto const known = tenants.find(name);
  if (known != tenants.end() && known->second.get() == &tenant) tenants.erase(known);
}

std::shared_ptr<TenantHost::Core::Tenant> TenantHost::Core::find(std::string_view name) {
  std::lock_guard lock{mutex};
  if (shut_down)
    throw RunnerStopped{"the host is shut down; construct another one for tenant '" +
                        std::string{name} + "'"};
  auto& known = tenants[std::string{name}];
  if (!known) known = std::make_shared<Tenant>();
  return known;
}

bool TenantHost::Core::close(Tenant& tenant, WaitTime timeout) {
  std::lock_guard changing{tenant.changing};
  std::shared_ptr<DefaultRunner> runner;
  {
    std::lock_guard lock{mutex};
    tenant.closed = true;
    runner.swap(tenant.runner);
  }
  if (!runner) return false;
  runner->shutdown(timeout);
  return true;
}

DefaultRunnerConfig TenantHost::default_config() {
  DefaultRunnerConfig config;
  config.lease = 30s;
  config.scheduler_poll_interval = config.lease / 3;
  return config;
}

TenantHost::TenantHost(std::string_view database_url, DefaultRunnerConfig config,
                       Registry const& registry)
    : core_(std::make_unique<Core>(database_url, std::move(config), registry)) {}

// In the child of a fork nothing of it may be touched, nor destroyed.
TenantHost::~TenantHost() {
  if (::getpid() != core_->process) {
    (void)core_.release();
  } else {
    shutdown(5s);
  }
}

std::shared_ptr<DefaultRunner> TenantHost::tenant(std::string_view name) {
  core_->check_not_forked();
  if (auto const why = why_no_schema_name(name); !why.empty())
    throw ValidationError{"the tenant's name " + why + "; expected a name as tenant_a", "name"};
  for (;;) {
    auto const tenant = core_->find(name);
    std::lock_guard changing{tenant->changing};
    {
      std::lock_guard lock{core_->mutex};
      if (tenant->runner) return tenant->runner;
      if (tenant->closed) continue;
    }
    try {
      auto runner = core_->open(name);
      std::lock_guard lock{core_->mutex};
      return tenant->runner = std::move(runner);
    } catch (...) {
      core_->forget(name, *tenant);
      throw;
    }
  }
}

std::vector<std::string> TenantHost::tenants() const {
  core_->check_not_forked();
  std::lock_guard lock{core_->mutex};
  std::vector<std::string> names;
  for (auto const& [name, tenant] : core_->tenants)
    if (tenant->runner) names.push_back(name);
  return names;
}

bool TenantHost::close(std::string_view name, WaitTime timeout) {
  core_->check_not_forked();
  std::shared_ptr<Core::Tenant> tenant;
  {
    std::lock_guard lock{core_->mutex};
    auto const found = core_->tenants.find(name);
    if (found == core_->tenants.end()) return false;
    tenant = std::move(found->second);
    core_->tenants.erase(found);
  }
  return core_->close(*tenant, timeout);
}

void TenantHost::shutdown(WaitTime timeout) noexcept try {
  if (::getpid() != core_->process) return;
  std::lock_guard shutting_down{core_->shutting_down};
  auto const give_up_at = std::chrono::steady_clock::now() + timeout.value();
  std::vector<std::shared_ptr<Core::Tenant>> all;
  {
    std::lock_guard lock{core_->mutex};
    core_->shut_down = true;
    for (auto& [name, tenant] : core_->tenants) all.push_back(std::move(tenant));
    core_->tenants.clear();
  }
  std::atomic<std::size_t> next{0};
  auto const close_them = [&] {
    for (auto i = next++; i < all.size(); i = next++)
      (void)core_->close(*all[i], std::max<std::chrono::nanoseconds>(
                                      0ns, give_up_at - std::chrono::steady_clock::now()));
  };
  std::vector<std::thread> helpers;
  while (helpers.size() + 1 < std::min(all.size(), closed_at_once)) {
    auto helper = engine::start_thread(close_them);
    if (!helper) break;
    helpers.push_back(std::move(*helper));
  }
  close_them();
  for (auto& helper : helpers) helper.join();
  core_->crew->shut_down(engine::Crew::Clock::now() + 50ms);
} catch (std::exception const& error) {
  engine::log_error(std::string{"cloacina: shutdown of a host: "} + error.what());
}

}  // namespace cloacina
