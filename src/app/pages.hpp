#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <dbnet/image.hpp>

#include "app/sources.hpp"

namespace dbnet::app {

/// Which pages of TIFF and PDF files are worked on, and how fine those of a PDF are made.
struct PageOptions {
    struct Range {
        int first = 1;
        int last = 1;
    };
    /// Empty: all of a PDF, the first of a TIFF (whose others are smaller copies or masks more
    /// often than not).
    std::vector<Range> ranges = {};
    int dpi = 200;
};

/// Reads "all" or "1,3-5,9-". Throws Error{invalid_argument}.
std::vector<PageOptions::Range> parse_pages(std::string_view text);

/// Replaces each file of several pages by its pages, where so many are asked for: their names end
/// in
/// "-p2" before the extension, their paths in "#page=2". What cannot be counted goes to `refused`.
void choose_pages(const PageOptions& options, Sources& sources);

/// The picture of an input. Throws Error as Image::read does.
Image read_input(const Input& input, const DecodeOptions& decode, int dpi);

}  // namespace dbnet::app
