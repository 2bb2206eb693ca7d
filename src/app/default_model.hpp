#pragma once

#include <optional>
#include <string>

namespace dbnet::app {

/// The model that is used where none is named: that of the installation (share/dbnet/models below
/// the executable's prefix), or that of the source tree in whose build folder the executable lies.
/// Empty: there is none.
std::optional<std::string> default_model();

}  // namespace dbnet::app
