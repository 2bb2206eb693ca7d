#include "core/error.hpp"

#include <exception>
#include <new>
#include <stdexcept>

namespace dbnet {

Error::~Error() = default;

std::string_view to_string(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::invalid_argument: return "invalid_argument";
        case ErrorCode::io: return "io";
        case ErrorCode::malformed: return "malformed";
        case ErrorCode::unsupported: return "unsupported";
        case ErrorCode::too_large: return "too_large";
        case ErrorCode::cancelled: return "cancelled";
        case ErrorCode::internal: return "internal";
    }
    return "unknown";
}

}  // namespace dbnet

namespace dbnet::core {
namespace {

/// Made beforehand: copying it takes no memory.
const Error kOutOfMemory(ErrorCode::internal, "not enough memory");

}  // namespace

void rethrow_as_error() {
    try {
        throw;
    } catch (const Error&) {
        throw;
    } catch (const std::bad_alloc&) {
        throw kOutOfMemory;
    } catch (const std::length_error&) {  // of a container that would be larger than any memory
        throw kOutOfMemory;
    } catch (const std::exception& error) {
        fail(ErrorCode::internal, "unexpected error: ", error.what());
    } catch (...) {
        fail(ErrorCode::internal, "unexpected error");
    }
}

}  // namespace dbnet::core
