#pragma once

#include <cstdint>
#include <string>
#include <vector>

// MATLAB files of version 5, made in memory.
namespace dbnet::test {

/// A cell: numbers (double) or a matrix of characters, in MATLAB's order.
struct MatCell {
    std::vector<std::uint32_t> dimensions;
    std::vector<double> numbers;
    std::string text;  ///< one row; used if there are no numbers

    static MatCell of(std::vector<std::uint32_t> dimensions, std::vector<double> numbers) {
        return {std::move(dimensions), std::move(numbers), {}};
    }
    static MatCell of(std::string text) { return {{}, {}, std::move(text)}; }
};

struct MatVariable {
    std::string name;
    std::vector<std::uint32_t> dimensions;
    std::vector<MatCell> cells;  ///< in MATLAB's order
};

/// The bytes of a file of cell arrays.
std::string mat_file(const std::vector<MatVariable>& variables, bool compressed);

}  // namespace dbnet::test
