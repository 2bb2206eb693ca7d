#include "cli/command.hpp"

#include <charconv>

#include "core/error.hpp"

namespace dbnet::cli {
namespace {

constexpr int kLargestSide = 100'000;

/// The number that the whole text is, 0 for any other text.
int to_side(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

}  // namespace

void set_examples(CLI::App& app, const char* first, const char* second, const char* third) {
    app.footer(std::string("Examples:\n  ") + first + "\n  " + second + "\n  " + third);
}

InputSize parse_input_size(const std::string& text) {
    const std::string_view view = text;
    const std::size_t cross = view.find('x');
    InputSize size;
    if (cross != std::string_view::npos)
        size = {to_side(view.substr(0, cross)), to_side(view.substr(cross + 1))};
    const auto fits = [](int side) { return side >= 1 && side <= kLargestSide; };
    if (!fits(size.height) || !fits(size.width))
        core::fail(ErrorCode::invalid_argument, "--size is '", text,
                   "', expected HEIGHTxWIDTH such as 736x1280");
    return size;
}

}  // namespace dbnet::cli
