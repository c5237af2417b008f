#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <cloacina/registry.hpp>
#include <cloacina/runner.hpp>
#include <cloacina/runner_config.hpp>
#include <cloacina/time.hpp>

namespace cloacina {

/// Many tenants in one program: a runner each, that share their workers, and on PostgreSQL their
/// connections. An idle tenant costs a thread that sleeps, and a renewal and a look every
/// `lease / 3`.
///
/// The URL is that of all of them. On PostgreSQL it names a database in which each tenant has a
/// schema of its name, and a role that may read and write all of these, or make them; a tenant that
/// logs in with a role of its own has a runner of its own instead. On SQLite it names a directory,
/// in which each has the file `NAME.db`. Thread-safe. \code
///   cloacina::TenantHost host{"postgres://app@db/app"};
///   auto result = host.tenant("tenant_a")->execute(order_pipeline(order_id = 42));
/// \endcode
class TenantHost {
 public:
  /// What many idle runners do, they do less often: a lease of 30 s, and a third of that between
  /// two looks of the slow poll behind the wake-ups.
  [[nodiscard]] static DefaultRunnerConfig default_config();

  /// `config` is that of each runner, but `max_concurrent_tasks` and `db_pool_size` are shared: so
  /// many synchronous bodies run at the same time in the whole host, and so many connections are
  /// opened, when they are needed, for reading, and as many again for writing. `registry`: what
  /// each of the runners knows. Opens nothing yet; starts the workers. Throws
  /// `ConfigurationError` for the URL and the configuration.
  explicit TenantHost(std::string_view database_url, DefaultRunnerConfig config = default_config(),
                      Registry const& registry = Registry::global());
  /// `shutdown(5 s)`.
  ~TenantHost();
  TenantHost(TenantHost const&) = delete;
  TenantHost& operator=(TenantHost const&) = delete;

  /// The runner of a tenant: opened by the first call, which blocks and throws as the constructor
  /// of `DefaultRunner` does, and kept. `name`: 1 to 63 letters, digits and underscores, not
  /// beginning with a digit; else `ValidationError`. Throws `RunnerStopped` once the host is shut
  /// down, `StateError` in the child of a fork. After `close` the runner that was returned throws
  /// `RunnerStopped`, and this opens another one; one that has stopped by itself, for damage or a
  /// newer schema, stays until then.
  [[nodiscard]] std::shared_ptr<DefaultRunner> tenant(std::string_view name);
  /// The names of those that are open, in order.
  [[nodiscard]] std::vector<std::string> tenants() const;
  /// Shuts the tenant's runner down as `DefaultRunner::shutdown` does, for instance before its
  /// schema is removed. False if it is not open. Do not call it from a body of that tenant.
  bool close(std::string_view name, WaitTime timeout = std::chrono::seconds{5});
  /// Closes all of them, 16 at a time, and opens none any more. Blocks for about `timeout`, for
  /// half a second more for each 16 whose bodies or database do not come to an end by then, and
  /// while a tenant is being opened or somebody else shuts the host down. Do not call it from a
  /// body.
  void shutdown(WaitTime timeout = std::chrono::seconds{5}) noexcept;

 private:
  struct Core;
  std::unique_ptr<Core> core_;
};

}  // namespace cloacina
