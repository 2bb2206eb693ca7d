#pragma once

#include <string>
#include <string_view>
#include <vector>

// What people who know other programs type, and what it is called here.
namespace dbnet::cli {

/// "did you mean --out?" for the name of an option that the command does not have; empty: no idea.
/// `options`: the long names, without dashes, that it has.
std::string option_hint(std::string_view name, const std::vector<std::string_view>& options);

/// The verb of ours, "predict"; empty: no idea.
std::string_view verb_hint(std::string_view verb);

}  // namespace dbnet::cli
