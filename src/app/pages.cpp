#include "app/pages.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <limits>
#include <utility>

#include "app/pdf.hpp"
#include "core/error.hpp"
#include "core/file.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;
using Range = PageOptions::Range;

constexpr int kLast = std::numeric_limits<int>::max();

[[noreturn]] void refuse(std::string_view text) {
    core::fail(ErrorCode::invalid_argument, "'", text.substr(0, 80),
               "' are no pages, expected all, or numbers and ranges such as 1,3-5,9-");
}

int parse_number(std::string_view text, std::string_view whole) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 1) refuse(whole);
    return value;
}

Range parse_range(std::string_view text, std::string_view whole) {
    const std::size_t dash = text.find('-');
    const int first = parse_number(text.substr(0, dash), whole);
    if (dash == std::string_view::npos) return {first, first};
    const std::string_view rest = text.substr(dash + 1);
    const int last = rest.empty() ? kLast : parse_number(rest, whole);
    if (last < first) refuse(whole);
    return {first, last};
}

enum class Kind { picture, tiff, pdf };

std::vector<std::uint8_t> head_of(const Input& input) {
    constexpr std::size_t kBytes = 1024;
    if (input.bytes)
        return {input.bytes->begin(),
                input.bytes->begin() + std::min<std::ptrdiff_t>(std::ssize(*input.bytes), kBytes)};
    std::error_code ignored;  // nothing is to be waited for here: a pipe is one picture
    if (!fs::is_regular_file(input.path, ignored)) return {};
    std::vector<std::uint8_t> head(kBytes);
    std::ifstream file(input.path, std::ios::binary);
    file.read(reinterpret_cast<char*>(head.data()), kBytes);
    head.resize(static_cast<std::size_t>(file.gcount()));
    return head;
}

Kind kind_of(const Input& input) {
    const std::vector<std::uint8_t> head = head_of(input);
    const auto begins = [&](std::string_view magic) {
        return head.size() >= 4 && std::equal(magic.begin(), magic.end(), head.begin());
    };
    if (is_pdf(head)) return Kind::pdf;
    return begins("II") || begins("MM") ? Kind::tiff : Kind::picture;
}

int count_pages(const Input& input, Kind kind) {
    if (kind == Kind::pdf) return count_pdf_pages(input.path);
    return input.bytes ? Image::count_pages(*input.bytes)
                       : Image::count_pages(core::read_file(input.path));
}

std::vector<int> chosen(const std::vector<Range>& ranges, int pages) {
    std::vector<int> numbers;
    for (const Range& range : ranges)
        for (int page = range.first; page <= std::min(range.last, pages); ++page)
            if (std::ranges::find(numbers, page) == numbers.end()) numbers.push_back(page);
    return numbers;
}

Input page_of(const Input& input, Kind kind, int page, int pages) {
    Input one = input;
    one.page = page;
    one.is_pdf = kind == Kind::pdf;
    if (pages == 1) return one;
    one.name = core::concat(input.path, "#page=", page);
    const fs::path relative = input.relative;
    one.relative = (relative.parent_path() / core::concat(relative.stem().string(), "-p", page,
                                                          relative.extension().string()))
                       .string();
    return one;
}

void add_pages(const Input& input, Kind kind, const PageOptions& options, Sources& result) {
    const int pages = count_pages(input, kind);
    const std::vector<Range> all{{1, kLast}};
    const std::vector<int> numbers = chosen(options.ranges.empty() ? all : options.ranges, pages);
    if (numbers.empty())
        core::fail(ErrorCode::invalid_argument, input.path, ": has none of these pages, only ",
                   pages);
    for (const int page : numbers) result.inputs.push_back(page_of(input, kind, page, pages));
}

}  // namespace

std::vector<Range> parse_pages(std::string_view text) {
    if (text == "all") return {{1, kLast}};
    std::vector<Range> ranges;
    for (std::string_view rest = text;;) {
        const std::size_t comma = rest.find(',');
        ranges.push_back(parse_range(rest.substr(0, comma), text));
        if (comma == std::string_view::npos) return ranges;
        rest.remove_prefix(comma + 1);
    }
}

void choose_pages(const PageOptions& options, Sources& sources) {
    Sources result{{}, std::move(sources.refused)};
    for (Input& input : sources.inputs) {
        const Kind kind = kind_of(input);
        if (kind == Kind::picture || (kind == Kind::tiff && options.ranges.empty())) {
            result.inputs.push_back(std::move(input));
            continue;
        }
        try {
            add_pages(input, kind, options, result);
        } catch (const Error& error) {
            result.refused.push_back(error.what());
        }
    }
    sources = std::move(result);
}

Image read_input(const Input& input, const DecodeOptions& decode, int dpi) {
    if (input.is_pdf) return read_pdf_page(input.path, input.page, dpi, decode);
    DecodeOptions options = decode;
    options.page = input.page;
    return input.bytes ? Image::decode(*input.bytes, input.path, options)
                       : Image::read(input.path, options);
}

}  // namespace dbnet::app
