#include "synth/layout.hpp"

#include <algorithm>
#include <utility>

#include "synth/raster.hpp"
#include "synth/utf8.hpp"

namespace dbnet::synth {
namespace {

// Ems.
constexpr double kSpace = 0.28;
constexpr double kLeastGap = 0.1;  // between the ink of words or lines

/// The outline of a word whose baseline begins at `origin`.
PlacedWord place(const std::string& text, const ShapedText& shaped, Point origin,
                 const Typography& typography) {
    PlacedWord word{text, {}, {}};
    const double tracking = is_ascii(text) ? typography.tracking : 0;
    double gap = 0;
    for (const ShapedText::Place& at : shaped.glyphs) {
        const std::size_t first = word.outline.points.size();
        for (const Point& point : at.glyph->outline.points) {
            const double x = point.x + at.origin.x + gap;
            const double y = point.y + at.origin.y;
            const Point moved{
                origin.x + typography.size * typography.stretch * (x - typography.slant * y),
                origin.y + typography.size * y};
            word.outline.points.push_back(moved);
            word.ink.add(moved);
        }
        for (const std::size_t end : at.glyph->outline.ends)
            word.outline.ends.push_back(first + end);
        gap += tracking;
    }
    return word;
}

void move(PlacedWord& word, double x, double y) {
    for (Point& point : word.outline.points) point = {point.x + x, point.y + y};
    word.ink = {word.ink.left + x, word.ink.top + y, word.ink.right + x, word.ink.bottom + y};
}

double width_of(const std::string& text, const ShapedText& shaped, const Typography& typography) {
    const double tracking = is_ascii(text) ? typography.tracking : 0;
    return typography.size * typography.stretch *
           (shaped.advance + tracking * static_cast<double>(shaped.glyphs.size()));
}

/// A line whose baseline is the x axis.
std::optional<Line> set_line(const std::vector<std::string>& words, const Font& font,
                             const Typography& typography) {
    std::vector<std::pair<std::string, ShapedText>> shaped;
    double width = 0;
    const double space = typography.size * typography.stretch * (kSpace + typography.tracking);
    for (const std::string& word : words) {
        std::optional<ShapedText> text = font.shape(word);
        if (!text) return std::nullopt;
        width += width_of(word, *text, typography) + space;
        shaped.emplace_back(word, std::move(*text));
    }
    if (!shaped.empty() && shaped.front().second.leftwards) std::ranges::reverse(shaped);
    Line line;
    Point origin{-typography.alignment * (width - space), 0};
    for (const auto& [text, glyphs] : shaped) {
        PlacedWord word = place(text, glyphs, origin, typography);
        if (word.outline.points.size() > kMostPoints) return std::nullopt;
        if (word.ink.empty()) continue;
        if (!line.empty()) {
            const double gap = word.ink.left - line.back().ink.right;
            const double missing = std::max(0.0, kLeastGap * typography.size - gap);
            move(word, missing, 0);
            origin.x += missing;
        }
        line.push_back(std::move(word));
        origin.x += width_of(text, glyphs, typography) + space;
    }
    return line;
}

}  // namespace

Extent ink_of(const Line& line) {
    Extent ink;
    for (const PlacedWord& word : line) ink.add(word.ink);
    return ink;
}

std::optional<Block> set_lines(const std::vector<std::vector<std::string>>& lines, const Font& font,
                               const Typography& typography) {
    Block block;
    double baseline = 0;
    for (const std::vector<std::string>& words : lines) {
        std::optional<Line> line = set_line(words, font, typography);
        if (!line) return std::nullopt;
        if (line->empty()) continue;
        const Extent ink = ink_of(*line);
        if (!block.lines.empty())
            baseline = std::max(baseline + typography.size * typography.line_spacing,
                                block.ink.bottom + typography.size * kLeastGap - ink.top);
        for (PlacedWord& word : *line) move(word, 0, baseline);
        block.ink.add(ink_of(*line));
        block.lines.push_back(std::move(*line));
    }
    if (block.lines.empty() || block.ink.width() <= 0 || block.ink.height() <= 0)
        return std::nullopt;
    const double x = (block.ink.left + block.ink.right) / 2;
    const double y = (block.ink.top + block.ink.bottom) / 2;
    for (Line& line : block.lines)
        for (PlacedWord& word : line) move(word, -x, -y);
    block.ink = {block.ink.left - x, block.ink.top - y, block.ink.right - x, block.ink.bottom - y};
    return block;
}

}  // namespace dbnet::synth
