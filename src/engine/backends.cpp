#include <array>
#include <string>

#include "core/error.hpp"
#include "engine/backend.hpp"

namespace dbnet::engine {

std::span<const Backend* const> backends() {
    static const std::array<const Backend*, 2> table = {&reference_backend(), &cpu_backend()};
    return table;
}

const Backend& backend(std::string_view name) {
    std::string known;
    for (const Backend* candidate : backends()) {
        if (candidate->name() == name) return *candidate;
        known += (known.empty() ? "" : ", ") + std::string(candidate->name());
    }
    core::fail(ErrorCode::invalid_argument, "no backend is named '", name, "'; there are: ", known);
}

}  // namespace dbnet::engine
