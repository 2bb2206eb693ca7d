#include "data/holdout.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>

#include "core/error.hpp"

namespace dbnet::data {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFewParts = 4;
constexpr std::size_t kMostParts = 1'000'000;

/// Only the last digit of the last number in the name matters: it is 0 for multiples of 10.
bool is_tenth(const std::string& image, std::size_t place) {
    const std::string stem = fs::path(image).stem().string();
    const std::size_t digit = stem.find_last_of("0123456789");
    return digit == std::string::npos ? place % 10 == 0 : stem[digit] == '0';
}

/// Whether place, from 1, is in that part.
bool is_in_part(std::size_t place, std::size_t part, std::size_t parts) {
    return (place - 1) % parts == part - 1;
}

/// The whole text as a number; 0 for any other text.
std::size_t number_of(std::string_view text) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

std::vector<std::string> split_at_commas(const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        if (end > begin) parts.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

bool is_called(const std::string& image, const std::string& name) {
    const fs::path path(image);
    return path.filename() == name || path.stem() == name;
}

}  // namespace

Holdout Holdout::parse(const std::string& text) {
    Holdout holdout;
    const std::size_t slash = text.find('/');
    if (slash == std::string::npos) {
        holdout.names_ = split_at_commas(text);
        return holdout;
    }
    holdout.part_ = number_of(std::string_view(text).substr(0, slash));
    holdout.parts_ = number_of(std::string_view(text).substr(slash + 1));
    if (holdout.part_ < 1 || holdout.parts_ < 2 || holdout.part_ > holdout.parts_ ||
        holdout.parts_ > kMostParts)
        core::fail(ErrorCode::invalid_argument, "holdout is '", text,
                   "', expected a part of parts such as 2/4, or names of images: a,b,c");
    return holdout;
}

std::string Holdout::to_string() const {
    if (part_ > 0) return core::concat(part_, '/', parts_);
    std::string text;
    for (const std::string& name : names_) text += (text.empty() ? "" : ",") + name;
    return text;
}

std::vector<bool> Holdout::apply(const std::vector<std::string>& images) const {
    std::vector<bool> held(images.size());
    for (const std::string& name : names_) {
        const auto found = std::ranges::find_if(
            images, [&](const std::string& image) { return is_called(image, name); });
        if (found == images.end())
            core::fail(ErrorCode::invalid_argument, "holdout names ", name,
                       ", which is no image of the data set");
        held[static_cast<std::size_t>(found - images.begin())] = true;
    }
    if (!names_.empty()) return held;
    const bool few = images.size() < kFewImages;
    for (std::size_t i = 0; i < images.size(); ++i)
        held[i] = part_ > 0 ? is_in_part(i + 1, part_, parts_)
                  : few     ? is_in_part(i + 1, kFewParts, kFewParts)
                            : is_tenth(images[i], i + 1);
    return held;
}

}  // namespace dbnet::data
