#include "app/default_model.hpp"

#include <filesystem>

namespace dbnet::app {

std::optional<std::string> default_model() {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
    if (error) return std::nullopt;
    for (const char* place :
         {"../share/dbnet/models/default.onnx", "../../../models/default.onnx"}) {
        const fs::path candidate = (folder / place).lexically_normal();
        if (fs::is_regular_file(candidate, error)) return candidate.string();
    }
    return std::nullopt;
}

}  // namespace dbnet::app
