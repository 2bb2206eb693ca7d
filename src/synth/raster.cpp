// FreeType's smooth rasteriser gives exact coverage of polygons. The text was mapped into the
// picture before, so that letters in perspective and on curves are as sharp as straight ones.
#include "synth/raster.hpp"

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace dbnet::synth {
namespace {

constexpr double kSubpixels = 64;

/// A FreeType library may be used by one thread at a time.
class Library {
public:
    Library() {
        if (FT_Init_FreeType(&library_) != 0)
            core::fail(ErrorCode::internal, "FreeType cannot be initialised");
    }
    ~Library() { FT_Done_FreeType(library_); }
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;
    FT_Library get() const { return library_; }

private:
    FT_Library library_ = nullptr;
};

FT_Library library_of_thread() {
    static thread_local const Library library;
    return library.get();
}

void add_spans(int y, int count, const FT_Span* spans, void* user) {
    Mask& mask = *static_cast<Mask*>(user);
    for (const FT_Span* span = spans; span != spans + count; ++span) {
        std::uint8_t* const row = mask.row(y) + span->x;
        for (int i = 0; i < span->len; ++i) row[i] = std::max(row[i], span->coverage);
    }
}

}  // namespace

Mask mask_around(const Extent& box, int margin) {
    Mask mask;
    mask.x = static_cast<int>(std::floor(box.left)) - margin;
    mask.y = static_cast<int>(std::floor(box.top)) - margin;
    mask.width = static_cast<int>(std::ceil(box.right)) + margin - mask.x;
    mask.height = static_cast<int>(std::ceil(box.bottom)) + margin - mask.y;
    mask.coverage.resize(static_cast<std::size_t>(mask.width) * mask.height);
    return mask;
}

void fill(const Contours& contours, Mask& mask) {
    if (contours.points.empty()) return;
    if (contours.points.size() > kMostPoints)
        core::fail(ErrorCode::internal, "an outline has ", contours.points.size(), " points");
    std::vector<FT_Vector> points;
    points.reserve(contours.points.size());
    for (const Point& point : contours.points)
        points.push_back({std::lround((point.x - mask.x) * kSubpixels),
                          std::lround((point.y - mask.y) * kSubpixels)});
    std::vector<char> tags(points.size(), FT_CURVE_TAG_ON);
    std::vector<short> ends;
    for (const std::size_t end : contours.ends) ends.push_back(static_cast<short>(end - 1));

    FT_Outline outline{};
    outline.n_contours = static_cast<short>(ends.size());
    outline.n_points = static_cast<short>(points.size());
    outline.points = points.data();
    outline.tags = reinterpret_cast<decltype(outline.tags)>(tags.data());
    outline.contours = reinterpret_cast<decltype(outline.contours)>(ends.data());
    FT_Raster_Params params{};
    params.source = &outline;
    params.flags = FT_RASTER_FLAG_AA | FT_RASTER_FLAG_DIRECT | FT_RASTER_FLAG_CLIP;
    params.gray_spans = add_spans;
    params.user = &mask;
    params.clip_box = {0, 0, mask.width, mask.height};
    if (FT_Outline_Render(library_of_thread(), &outline, &params) != 0)
        core::fail(ErrorCode::internal, "FreeType cannot draw an outline");
}

Extent extent_of(const std::vector<Point>& points) {
    Extent extent;
    for (const Point& point : points) extent.add(point);
    return extent;
}

}  // namespace dbnet::synth
