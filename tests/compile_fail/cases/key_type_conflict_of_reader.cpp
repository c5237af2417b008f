// says: key type conflict: one key is used with two different types
// names: order_pipeline total .inputs report
namespace other {
CLOACINA_KEY(total, int);
}
CLOACINA_TASK(report, .reads = {other::total}) {}
CLOACINA_WORKFLOW(order_pipeline, .inputs = {keys::total}, .tasks = {report});
