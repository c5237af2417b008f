// says: task body: it must return void, or asio::awaitable<void> for a coroutine
// names: TaskFunction int
void use() { cloacina::WorkflowBuilder{"built"}.task("a", [](cloacina::TaskContext<>&) { return 3; }); }
