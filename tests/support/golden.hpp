#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

// Access to the golden data: outputs of the reference implementations, which lie outside the
// repository. DBNET_GOLDEN  folder laid out in sections (postprocess/, engine/, ...) DBNET_MODELS
// colon-separated folders, searched recursively by file name DBNET_DATA    folder with the data
// sets
namespace dbnet::test {

/// The environment variable, or an empty string.
inline std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

/// Folder of a section; empty when DBNET_GOLDEN is unset.
inline std::string golden_section(const std::string& section) {
    const std::string root = environment("DBNET_GOLDEN");
    return root.empty() ? "" : root + "/" + section;
}

/// Sorted paths in a folder whose names end in `suffix`.
inline std::vector<std::string> files_ending(const std::string& folder, const std::string& suffix) {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().string().ends_with(suffix)) found.push_back(entry.path().string());
    std::sort(found.begin(), found.end());
    return found;
}

/// Path of a model file by base name; throws when no folder of DBNET_MODELS has it.
inline std::string find_model(const std::string& base_name) {
    std::istringstream folders(environment("DBNET_MODELS"));
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (folder.empty() || !std::filesystem::is_directory(folder)) continue;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
            if (entry.path().filename() == base_name) return entry.path().string();
    }
    throw std::runtime_error(base_name + " is in no folder of DBNET_MODELS");
}

/// Paths of all ONNX files in the folders of DBNET_MODELS, sorted; none where it is unset.
inline std::vector<std::string> all_models() {
    std::vector<std::string> found;
    std::istringstream folders(environment("DBNET_MODELS"));
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (folder.empty() || !std::filesystem::is_directory(folder)) continue;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
            if (entry.path().extension() == ".onnx") found.push_back(entry.path().string());
    }
    std::sort(found.begin(), found.end());
    return found;
}

inline nlohmann::json read_json(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot read " + path);
    return nlohmann::json::parse(file);
}

/// An array of a .npy file: format 1.0, little-endian float32, C order.
struct NpyArray {
    std::vector<std::int64_t> shape;
    std::vector<float> values;
};

inline NpyArray read_npy(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(file)), {});
    if (bytes.size() < 10 || bytes.compare(1, 5, "NUMPY") != 0)
        throw std::runtime_error("not a .npy file: " + path);
    const std::size_t header_size =
        static_cast<unsigned char>(bytes[8]) + 256u * static_cast<unsigned char>(bytes[9]);
    const std::string header = bytes.substr(10, header_size);
    if (header.find("'<f4'") == std::string::npos ||
        header.find("'fortran_order': False") == std::string::npos)
        throw std::runtime_error("not C-order float32: " + path);
    NpyArray array;
    std::size_t count = 1;
    std::istringstream shape(
        header.substr(header.find('(') + 1, header.find(')') - header.find('(') - 1));
    for (std::string extent; std::getline(shape, extent, ',');) {
        if (extent.find_first_of("0123456789") == std::string::npos) continue;
        array.shape.push_back(std::stoll(extent));
        count *= static_cast<std::size_t>(array.shape.back());
    }
    array.values.resize(count);
    if (bytes.size() != 10 + header_size + 4 * count)
        throw std::runtime_error("wrong size: " + path);
    std::memcpy(array.values.data(), bytes.data() + 10 + header_size, 4 * count);
    return array;
}

/// First line of every golden test: skips it, by name, where there is no golden data.
#define DBNET_REQUIRE_GOLDEN(folder) \
    if ((folder).empty()) GTEST_SKIP() << "DBNET_GOLDEN is not set"

/// Last line of every golden test: says how many cases ran and fails when none did.
inline void report_golden(const std::string& section, int cases) {
    std::cout << "golden " << section << ": " << cases << " cases\n";
    EXPECT_GT(cases, 0) << "section " << section << " has no case";
}

}  // namespace dbnet::test
