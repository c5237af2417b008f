// says: key type conflict: one key is used with two different types
// names: order_pipeline total extract report
namespace other {
CLOACINA_KEY(total, int);
}
CLOACINA_TASK(extract, .writes = {keys::total}) {}
CLOACINA_TASK(report, .after = {extract}, .writes = {other::total}) {}
CLOACINA_WORKFLOW(order_pipeline, .tasks = {extract, report});
