#pragma once

#include <string>

#include <torch/torch.h>

// What LibTorch throws, said as what it is.
namespace dbnet::train {

/// LibTorch says it in several ways, not all of which have a type.
bool is_out_of_memory(const c10::Error& error);

/// Throws Error{internal} for a LibTorch error: `doing` says what failed ("the backward pass").
/// Where memory ran out, the message says so, and what needs less.
[[noreturn]] void fail_of(const c10::Error& error, const std::string& doing);

}  // namespace dbnet::train
