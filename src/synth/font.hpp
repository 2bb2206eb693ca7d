#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <dbnet/region.hpp>

#include "core/random.hpp"

// The fonts that text is set in: found by fontconfig, shaped and outlined by HarfBuzz.
namespace dbnet::synth {

/// A box in the plane of a text; empty while no point was added.
struct Extent {
    double left = 1e30, top = 1e30, right = -1e30, bottom = -1e30;

    bool empty() const { return left > right; }
    double width() const { return right - left; }
    double height() const { return bottom - top; }
    void add(const Extent& other);
    void add(Point point) { add({point.x, point.y, point.x, point.y}); }
    Extent grown(double x, double y) const { return {left - x, top - y, right + x, bottom + y}; }
};

/// Closed polylines; a contour ends before points[ends[i]]. What they wind around is inside.
struct Contours {
    std::vector<Point> points;
    std::vector<std::size_t> ends;
};

/// A glyph with the baseline's left end as origin, in units of the em, y down.
struct Glyph {
    Contours outline;
    Extent ink;
};

/// A text on one baseline from (0, 0) to (advance, 0), in units of the em, y down.
struct ShapedText {
    struct Place {
        std::shared_ptr<const Glyph> glyph;
        Point origin;
    };
    std::vector<Place> glyphs;
    double advance = 0;
    Extent ink;              ///< empty: nothing to be seen
    bool leftwards = false;  ///< the script runs from right to left
};

/// One face of a font file. Thread-safe.
class Font {
public:
    /// `index` as fontconfig has it: the face, and in the upper 16 bits the named instance.
    Font(std::string path, int index, std::string family);
    ~Font();
    Font(const Font&) = delete;
    Font& operator=(const Font&) = delete;

    const std::string& path() const noexcept { return path_; }
    const std::string& family() const noexcept { return family_; }

    /// Nothing when the font lacks a glyph that the text needs, or cannot be loaded.
    std::optional<ShapedText> shape(const std::string& utf8) const;

private:
    struct Face;
    const Face& face() const;

    std::string path_;
    int index_;
    std::string family_;
    mutable std::once_flag loaded_;
    mutable std::unique_ptr<Face> face_;  ///< loaded when first used
};

/// The fonts of the machine or of a folder that have outlines and letters. Thread-safe.
class FontSet {
public:
    /// `folder`: where to look, also below it; empty: what fontconfig lists. Throws Error{io} when
    /// there are none.
    explicit FontSet(const std::string& folder);
    ~FontSet();

    std::size_t size() const noexcept;

    /// A random font with all characters of the text; nullptr when there is none. Families with the
    /// same first word ("Noto Sans", "Noto Serif") are as likely together as any other family, so
    /// that a family with a hundred members is not most of what is seen.
    const Font* choose(std::string_view utf8, core::Random& random) const;

private:
    struct Entry;
    using Family = std::vector<Entry>;
    std::vector<Family> families_;
};

}  // namespace dbnet::synth
