#pragma once

#include <filesystem>
#include <vector>

#include <cloacina/execution_result.hpp>

/// Prints the table by airline, retries and failures. Everything comes from the stored results, so
/// it is the same whether the run was interrupted or not.
void print_report(std::vector<cloacina::ExecutionResult> const& claims);

/// Writes what became of one flight that was cancelled, as a page with a mermaid picture.
void write_picture(std::vector<cloacina::ExecutionResult> const& claims,
                   std::filesystem::path const& path);
