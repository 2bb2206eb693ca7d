#pragma once

#include "app/runners.hpp"

namespace dbnet::train {

/// `libtorch`: GraphModule in evaluation mode, f32, on the CPU.
app::Runner libtorch_runner();

}  // namespace dbnet::train
