// says[clang++]: must be initialized by a constant expression
// says[g++]: a_trigger_rule_has_at_most_32_nodes
// names: a_trigger_rule_has_at_most_32_nodes
constexpr auto ten = when::all(when::always(), when::always(), when::always(), when::always(), when::always(),
                               when::always(), when::always(), when::always(), when::always());
constexpr auto fifty = when::any(ten, ten, ten, ten, ten);
