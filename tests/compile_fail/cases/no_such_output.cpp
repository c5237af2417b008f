// says: no such output: no task of the workflow writes this key, and it is no input
// names: order_pipeline note
CLOACINA_TASK(extract, .writes = {total}) {}
CLOACINA_WORKFLOW(order_pipeline, .inputs = {order_id}, .tasks = {extract});
double use(cloacina::TypedResult<order_pipeline_workflow> const& result) {
  static_cast<void>(result.get(note));
  return result.get(total);
}
