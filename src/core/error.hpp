#pragma once

#include <sstream>
#include <string>
#include <utility>

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

/// To be called in a handler: throws what is being handled as dbnet::Error. What a library threw
/// becomes Error{internal} with its message, exhausted memory one that needs none.
[[noreturn]] void rethrow_as_error();

/// Runs `action`; whatever it throws leaves as dbnet::Error. For the functions of the public API.
template <typename Action>
decltype(auto) with_errors(Action&& action) {
    try {
        return std::forward<Action>(action)();
    } catch (...) {
        rethrow_as_error();
    }
}

}  // namespace dbnet::core
