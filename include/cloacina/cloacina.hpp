#pragma once

// All of the public interface. A source that only defines tasks compiles faster with <cloacina/workflow_symbol.hpp>.
#include <cloacina/client.hpp>
#include <cloacina/context.hpp>
#include <cloacina/environment.hpp>
#include <cloacina/error.hpp>
#include <cloacina/execution_handle.hpp>
#include <cloacina/execution_id.hpp>
#include <cloacina/execution_info.hpp>
#include <cloacina/execution_result.hpp>
#include <cloacina/invocation.hpp>
#include <cloacina/json.hpp>
#include <cloacina/key.hpp>
#include <cloacina/observer.hpp>
#include <cloacina/registry.hpp>
#include <cloacina/retry_policy.hpp>
#include <cloacina/runner.hpp>
#include <cloacina/runner_config.hpp>
#include <cloacina/status.hpp>
#include <cloacina/submit_options.hpp>
#include <cloacina/task.hpp>
#include <cloacina/task_context.hpp>
#include <cloacina/trigger_rule.hpp>
#include <cloacina/when.hpp>
#include <cloacina/workflow.hpp>
#include <cloacina/workflow_builder.hpp>
#include <cloacina/workflow_symbol.hpp>
