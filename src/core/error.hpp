#pragma once

#include <sstream>
#include <string>

#include <dbnet/error.hpp>

namespace dbnet::core {

/// Joins the arguments as `<<` prints them: concat("line ", 3, ": ", name).
template <typename... Args>
std::string concat(const Args&... args) {
    std::ostringstream out;
    (out << ... << args);
    return out.str();
}

/// Throws dbnet::Error with the joined message.
template <typename... Args>
[[noreturn]] void fail(ErrorCode code, const Args&... args) {
    throw Error(code, concat(args...));
}

}  // namespace dbnet::core
