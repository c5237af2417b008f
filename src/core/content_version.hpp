#pragma once

#include <string>

#include <cloacina/workflow.hpp>

namespace cloacina {

/// The JSON that a content version is computed from: what decides whether two definitions mean the
/// same run.
///
/// One object without white space, keys in this order: name, description, tags (by key), version,
/// tasks (by id), and of each task: id, dependencies, rule, reads, writes, version, body (its hash;
/// "" when not known); names sorted. Retry policies, timeouts and key types are left out: they may
/// change under a run. Equal in every process and language.
[[nodiscard]] std::string canonical_json(detail::WorkflowData const& workflow);

/// First 16 hex digits of the SHA-256 over `canonical_json`.
[[nodiscard]] std::string content_version(detail::WorkflowData const& workflow);

}  // namespace cloacina
