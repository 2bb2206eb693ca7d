// An overlay for a browser: the image with an outline and a score for each region.
#include <algorithm>

#include "core/error.hpp"
#include "formats/registry.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '&')
            result += "&amp;";
        else if (c == '<')
            result += "&lt;";
        else if (c == '"')
            result += "&quot;";
        else if (static_cast<unsigned char>(c) >= ' ')
            result += c;
    }
    return result;
}

/// The path as a relative URL reference: everything that has a meaning in URLs is encoded.
std::string url_of(std::string_view path) {
    constexpr std::string_view kPlain = "-._~/";
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string url;
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        const bool alphanumeric =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (alphanumeric || kPlain.find(c) != std::string_view::npos)
            url += c;
        else
            url.append("%").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
    }
    return url;
}

std::string render_region(const RecordRegion& region, Shape shape) {
    std::string text = "  <polygon points=\"";
    for (const Point& point : outline(region, shape, Shape::polygon))
        text += core::concat(print(rounded_coordinate(point.x)), ",",
                             print(rounded_coordinate(point.y)), " ");
    text.back() = '"';
    if (region.ignore) text += " stroke-dasharray=\"4\"";
    std::string title = region.score ? print(rounded_score(*region.score)) : "";
    if (!region.text.empty()) title += (title.empty() ? "" : " ") + region.text;
    return text + "><title>" + escaped(title) + "</title></polygon>\n";
}

std::string render(const Record& record, const std::string& image_link,
                   const WriteOptions& options) {
    const std::string size =
        core::concat("width=\"", record.width, "\" height=\"", record.height, "\"");
    const int line = std::max(1, std::min(record.width, record.height) / 400);
    std::string text = core::concat(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" ", size, " viewBox=\"0 0 ", record.width, " ",
        record.height, "\">\n<image href=\"", escaped(url_of(image_link)), "\" ", size,
        "/>\n<g fill=\"#00ff00\" fill-opacity=\"0.15\" stroke=\"#00c000\" stroke-width=\"", line,
        "\">\n");
    for (const RecordRegion& region : record.regions) text += render_region(region, options.shape);
    return text + "</g>\n</svg>\n";
}

}  // namespace

constinit const Format kSvgFormat{
    .name = "svg", .prefix = "", .extension = ".svg", .render = render, .holds = {.words = true}};

}  // namespace dbnet::formats
