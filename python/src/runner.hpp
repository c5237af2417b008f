#pragma once

#include <optional>
#include <string>
#include <vector>

#include <cloacina/runner.hpp>
#include <cloacina/workflow.hpp>

#include "gil.hpp"

namespace cloaca {

/// A runner that Python owns: made and destroyed without the lock, which its threads need.
class Runner {
 public:
  Runner(std::string const& url, std::optional<std::string> const& schema, py::dict const& config,
         std::vector<cloacina::Workflow> const& workflows, py::list const& triggers);
  ~Runner();
  Runner(Runner const&) = delete;
  Runner& operator=(Runner const&) = delete;

  [[nodiscard]] cloacina::DefaultRunner& operator*() { return *runner_; }
  [[nodiscard]] cloacina::DefaultRunner const& operator*() const { return *runner_; }

 private:
  std::optional<cloacina::DefaultRunner> runner_;
};

}  // namespace cloaca
