#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/input.hpp"

// Reading MATLAB's files of version 5 (MAT-File Format, R2023b, chapter 1), cell by cell.
namespace dbnet::formats {

/// An array of numbers or of characters; in MATLAB's order, the first index runs fastest.
struct MatArray {
    std::vector<std::uint32_t> dimensions;
    std::vector<double> numbers;  ///< or code units, UTF-16
    bool is_text = false;

    std::size_t rows() const { return dimensions.empty() ? 0 : dimensions[0]; }
    std::size_t columns() const { return rows() == 0 ? 0 : numbers.size() / rows(); }
    /// Rows of a matrix of characters, UTF-8, without the blanks that fill them up.
    std::vector<std::string> lines() const;
    /// lines() in one piece.
    std::string text() const;
};

/// The cells of a variable, one after the other.
class MatCells {
public:
    ~MatCells();
    MatCells(MatCells&&) noexcept;
    MatCells& operator=(MatCells&&) noexcept;

    const std::vector<std::uint32_t>& dimensions() const;
    std::size_t count() const;
    /// The next cell. Throws Error: malformed (truncated, or a cell that is no array of numbers or
    /// characters), too_large.
    MatArray next();

private:
    friend class MatFile;
    struct State;
    explicit MatCells(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

class MatFile {
public:
    /// Finds the variables. Throws Error: io, malformed, unsupported (saved with -v7.3 or before
    /// MATLAB 5).
    explicit MatFile(Input input);

    std::vector<std::string> names() const;
    /// A variable that is a cell array; nothing if there is none of that name. Several may be read
    /// at a time. Throws Error: io, malformed.
    std::optional<MatCells> cells(std::string_view name) const;

private:
    struct Variable {
        std::string name;
        std::int64_t offset;  ///< of its element
    };
    Input input_;
    bool swapped_ = false;
    std::vector<Variable> variables_;
};

}  // namespace dbnet::formats
