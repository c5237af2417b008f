#pragma once

// The rules of a workflow in words: the same from the compiler (a static_assert takes literals
// only) and from WorkflowBuilder, which appends the names.
#define CLOACINA_DETAIL_SAY_NAME \
  "1 to 255 bytes of UTF-8 without control characters, without :: and without a colon at an end"
// Of a registry, which says it last.
#define CLOACINA_DETAIL_SAY_DROPPED_BY_LINKER                                                   \
  "If it is defined in a static library, the linker may have dropped it: add its sources with " \
  "cloacina_add_workflows(target SOURCES …)"
#define CLOACINA_DETAIL_SAY_NO_TASKS "empty workflow: name its tasks in .tasks"
#define CLOACINA_DETAIL_SAY_NOT_A_SYMBOL \
  "unknown task: .tasks takes the symbols of tasks, not their ids"
#define CLOACINA_DETAIL_SAY_LISTED_TWICE "duplicate task: two entries of .tasks have the same id"
#define CLOACINA_DETAIL_SAY_UNKNOWN_DEPENDENCY \
  "unknown dependency: a task's .after names a task that is not in the workflow's .tasks"
#define CLOACINA_DETAIL_SAY_CYCLE "dependency cycle: no task of this loop could ever run"
#define CLOACINA_DETAIL_SAY_RETRIED_AT_MOST_ONCE \
  "at_most_once with retries: a task that may run once only has .retry = {.max_attempts = 1}"
#define CLOACINA_DETAIL_SAY_DURATION_OUT_OF_RANGE \
  "duration out of range: timeouts and retry delays are 0 to 100 years; a timeout of 0 is none"
#define CLOACINA_DETAIL_SAY_RULE_NOT_UPSTREAM                                                    \
  "rule names a task that is not upstream: a trigger rule may look only at tasks that this one " \
  "comes after"
#define CLOACINA_DETAIL_SAY_KEY_TYPE_CONFLICT \
  "key type conflict: one key is used with two different types"
#define CLOACINA_DETAIL_SAY_MISSING_INPUT \
  "missing input: no upstream task writes this key, and it is not in the workflow's .inputs"
#define CLOACINA_DETAIL_SAY_WRITE_CONFLICT                                                      \
  "write conflict: two tasks that may run at the same time write the same key; order them, or " \
  "let the task where "                                                                         \
  "they meet say .merges"
