#include "synth/background.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <opencv2/imgproc.hpp>

#include "data/augment.hpp"
#include "geometry/polygon.hpp"
#include "synth/colour.hpp"

namespace dbnet::synth {
namespace {

/// Decoded photographs that are kept, in bytes.
constexpr std::size_t kMostKept = 2'000'000'000;
/// Annotated text of which less remains is ignored.
constexpr double kWhole = 0.97;
/// The side of a part, relative to the largest that the photograph has.
constexpr double kSmallestPart = 0.55;

std::size_t bytes_of(const data::Picture& picture) {
    return std::size_t{3} * static_cast<std::size_t>(picture.image.width()) *
           static_cast<std::size_t>(picture.image.height());
}

cv::Mat matrix_of(Image& image) { return {image.height(), image.width(), CV_8UC3, image.row(0)}; }

/// Scaled down so that averaging is not left to the warp, which looks at four pixels only.
data::Picture reduced(data::Picture picture, int most_side) {
    const int shorter = std::min(picture.image.width(), picture.image.height());
    if (shorter <= most_side) return picture;
    const double scale = static_cast<double>(most_side) / shorter;
    const auto side = [&](int pixels) { return static_cast<int>(std::lround(pixels * scale)); };
    data::Picture small{Image(side(picture.image.width()), side(picture.image.height())),
                        std::move(picture.regions)};
    cv::Mat target = matrix_of(small.image);
    cv::resize(matrix_of(picture.image), target, target.size(), 0, 0, cv::INTER_AREA);
    const double x = static_cast<double>(small.image.width()) / picture.image.width();
    const double y = static_cast<double>(small.image.height()) / picture.image.height();
    for (formats::RecordRegion& region : small.regions)
        for (Point& point : region.polygon) point = {point.x * x, point.y * y};
    return small;
}

/// A part of the image at another size. OpenCV divides this among its threads if they are idle; it
/// is five times as fast as data::warp(), and a picture has little time.
Image resized(const Image& image, const cv::Rect& part, data::Size size) {
    const cv::Mat source(image.height(), image.width(), CV_8UC3,
                         const_cast<std::uint8_t*>(image.row(0)));
    Image result(size.width, size.height);
    cv::Mat target = matrix_of(result);
    cv::resize(source(part), target, target.size(), 0, 0, cv::INTER_LINEAR);
    return result;
}

/// The region as the view shows it; ignored if it was cut, without a polygon if it is outside.
formats::RecordRegion seen(const formats::RecordRegion& region, const data::View& view) {
    formats::RecordRegion result{{}, {}, {}, {}, region.text, region.ignore};
    const double area = geometry::area(region.polygon) * view.place.xx * view.place.yy;
    std::vector<data::TextLabel> moved = data::transform({{region.polygon, region.ignore}}, view);
    if (moved.empty()) return result;
    result.polygon = data::clip(std::move(moved.front().polygon), view.covered);
    if (geometry::area(result.polygon) < kWhole * area) result.ignore = true;
    return result;
}

// Scenes.

struct Canvas {
    Image image;
    cv::Mat pixels;  ///< the same memory

    explicit Canvas(data::Size size) : image(size.width, size.height), pixels(matrix_of(image)) {}
    int width() const { return image.width(); }
    int height() const { return image.height(); }
};

cv::Scalar scalar(const Colour& colour) {
    return {double(colour.red), double(colour.green), double(colour.blue)};
}

void fill_rectangle(Canvas& canvas, int x, int y, int width, int height, const Colour& colour) {
    if (width > 0 && height > 0)
        cv::rectangle(canvas.pixels, {x, y, width, height}, scalar(colour), cv::FILLED);
}

/// From the top colour to the bottom one, or from left to right.
void fill_gradient(Canvas& canvas, const Colour& from, const Colour& to, bool sideways) {
    for (int y = 0; y < canvas.height(); ++y) {
        std::uint8_t* pixel = canvas.image.row(y);
        if (sideways && y > 0) {
            std::copy_n(canvas.image.row(0), 3 * canvas.width(), pixel);
            continue;
        }
        Colour colour = mixed(from, to, static_cast<double>(y) / canvas.height());
        for (int x = 0; x < canvas.width(); ++x, pixel += 3) {
            if (sideways) colour = mixed(from, to, static_cast<double>(x) / canvas.width());
            pixel[0] = colour.red, pixel[1] = colour.green, pixel[2] = colour.blue;
        }
    }
}

Colour varied(const Colour& colour, double range, core::Random& random) {
    return shaded(colour, random.uniform(1 - range, 1 + range));
}

void paint_wall(Canvas& canvas, core::Random& random) {
    const Colour colour = draw_surface_colour(random);
    fill_gradient(canvas, varied(colour, 0.25, random), varied(colour, 0.25, random),
                  random.uniform() < 0.5);
    if (random.uniform() < 0.4) {  // a base or a band of another colour
        const int height = static_cast<int>(canvas.height() * random.uniform(0.05, 0.5));
        const int y =
            random.uniform() < 0.6
                ? canvas.height() - height
                : static_cast<int>(random.below(static_cast<std::uint64_t>(canvas.height())));
        fill_rectangle(canvas, 0, y, canvas.width(), height, draw_surface_colour(random));
    }
}

/// Bricks, or with `offset` 0 tiles: cells on a ground of mortar.
void paint_cells(Canvas& canvas, int width, int height, double offset, core::Random& random) {
    const Colour cell = draw_surface_colour(random);
    const Colour mortar = varied(cell, 0.5, random);
    fill_rectangle(canvas, 0, 0, canvas.width(), canvas.height(), mortar);
    const int gap = std::max(1, static_cast<int>(height * random.uniform(0.04, 0.12)));
    const double range = random.uniform(0.02, 0.2);
    for (int row = -1; row * height < canvas.height(); ++row) {
        const int shift = static_cast<int>(row % 2 == 0 ? 0 : offset * width);
        for (int x = shift - width; x < canvas.width(); x += width)
            fill_rectangle(canvas, x, row * height, width - gap, height - gap,
                           varied(cell, range, random));
    }
}

void paint_bricks(Canvas& canvas, core::Random& random) {
    const int height = static_cast<int>(random.uniform(14, 60));
    paint_cells(canvas, static_cast<int>(height * random.uniform(1.8, 3.5)), height, 0.5, random);
}

void paint_tiles(Canvas& canvas, core::Random& random) {
    const int height = static_cast<int>(random.uniform(30, 160));
    paint_cells(canvas, static_cast<int>(height * random.uniform(0.7, 1.6)), height, 0, random);
}

/// Planks, blinds, corrugated iron.
void paint_stripes(Canvas& canvas, core::Random& random) {
    const Colour colour = draw_surface_colour(random);
    const bool sideways = random.uniform() < 0.5;
    const int length = sideways ? canvas.width() : canvas.height();
    const double range = random.uniform(0.03, 0.2);
    const int step = static_cast<int>(random.uniform(8, 90));
    const bool has_gaps = random.uniform() < 0.6;
    for (int at = 0; at < length; at += step) {
        const Colour stripe = varied(colour, range, random);
        const Colour gap = shaded(colour, 0.5);
        const int wide = std::max(1, step / 14);
        if (sideways) {
            fill_rectangle(canvas, at, 0, step, canvas.height(), stripe);
            if (has_gaps) fill_rectangle(canvas, at, 0, wide, canvas.height(), gap);
        } else {
            fill_rectangle(canvas, 0, at, canvas.width(), step, stripe);
            if (has_gaps) fill_rectangle(canvas, 0, at, canvas.width(), wide, gap);
        }
    }
}

void paint_house(Canvas& canvas, int x, int width, int top, int bottom, core::Random& random) {
    const Colour wall = draw_surface_colour(random);
    fill_rectangle(canvas, x, top, width, bottom - top, wall);
    const int step_x = static_cast<int>(random.uniform(24, 70));
    const int step_y = static_cast<int>(random.uniform(30, 90));
    const double share_x = random.uniform(0.35, 0.75);
    const double share_y = random.uniform(0.4, 0.7);
    const Colour glass =
        from_hsv(random.uniform(3, 4), random.uniform(0, 0.4), random.uniform(0.1, 0.7));
    for (int wy = top + step_y / 3; wy + step_y < bottom; wy += step_y)
        for (int wx = x + step_x / 5; wx + step_x * share_x < x + width; wx += step_x)
            fill_rectangle(canvas, wx, wy, static_cast<int>(step_x * share_x),
                           static_cast<int>(step_y * share_y), varied(glass, 0.4, random));
}

void paint_street(Canvas& canvas, core::Random& random) {
    const Colour sky =
        from_hsv(random.uniform(3, 3.8), random.uniform(0, 0.5), random.uniform(0.5, 1));
    fill_gradient(canvas, sky, mixed(sky, {235, 235, 235}, 0.6), false);
    const int horizon = static_cast<int>(canvas.height() * random.uniform(0.55, 0.95));
    for (int x = 0; x < canvas.width();) {
        const int width = static_cast<int>(canvas.width() * random.uniform(0.15, 0.6));
        const int top = static_cast<int>(horizon * random.uniform(-0.2, 0.6));
        paint_house(canvas, x, width, top, horizon, random);
        x += width;
    }
    fill_rectangle(
        canvas, 0, horizon, canvas.width(), canvas.height() - horizon,
        from_hsv(random.uniform(0, 6), random.uniform(0, 0.1), random.uniform(0.2, 0.6)));
}

cv::Point draw_place(const Canvas& canvas, core::Random& random) {
    return {static_cast<int>(random.uniform(-0.1, 1.1) * canvas.width()),
            static_cast<int>(random.uniform(-0.1, 1.1) * canvas.height())};
}

void add_shapes(Canvas& canvas, int count, core::Random& random) {
    const double most = 0.3 * std::min(canvas.width(), canvas.height());
    for (int i = 0; i < count; ++i) {
        const cv::Point at = draw_place(canvas, random);
        const cv::Scalar colour =
            scalar(random.uniform() < 0.7 ? draw_surface_colour(random) : draw_sign_colour(random));
        const double size = 6 * std::pow(most / 6, random.uniform());
        const int thickness = random.uniform() < 0.75
                                  ? static_cast<int>(cv::FILLED)
                                  : 1 + static_cast<int>(size * random.uniform(0, 0.15));
        const cv::Size sides(1 + static_cast<int>(size),
                             1 + static_cast<int>(size * random.uniform(0.2, 1)));
        switch (random.below(4)) {
            case 0:
                cv::ellipse(canvas.pixels, at, sides, random.uniform(0, 180), 0, 360, colour,
                            thickness);
                break;
            case 1: cv::rectangle(canvas.pixels, {at, sides}, colour, thickness); break;
            case 2:
                cv::line(canvas.pixels, at, draw_place(canvas, random), colour,
                         1 + static_cast<int>(size * 0.08));
                break;
            default: {
                std::vector<cv::Point> corners;
                for (int k = 0; k < 4; ++k)
                    corners.push_back(at +
                                      cv::Point(static_cast<int>(random.uniform(-size, size)),
                                                static_cast<int>(random.uniform(-size, size))));
                cv::fillPoly(canvas.pixels, std::vector{corners}, colour);
            }
        }
    }
}

void paint_clutter(Canvas& canvas, core::Random& random) {
    paint_wall(canvas, random);
    add_shapes(canvas, 10 + static_cast<int>(random.below(50)), random);
}

using Painter = void (*)(Canvas&, core::Random&);
constexpr std::array<Painter, 9> kPainters{paint_wall,   paint_wall,    paint_bricks,
                                           paint_tiles,  paint_stripes, paint_street,
                                           paint_street, paint_clutter, paint_clutter};

}  // namespace

Photographs::Photographs(data::DatasetSpec spec, data::Size largest)
    : photographs_(std::move(spec)),
      most_side_(static_cast<int>(1.5 * std::max(largest.width, largest.height))) {}

data::Picture Photographs::read(std::size_t number) const {
    const data::LabelledImage& photograph = photographs_.images()[number];
    return reduced(data::read_picture(photographs_.spec(), photograph), most_side_);
}

std::shared_ptr<const data::Picture> Photographs::load(std::size_t number) const {
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = kept_.find(number); found != kept_.end()) return found->second;
    }
    auto picture = std::make_shared<const data::Picture>(read(number));
    const std::lock_guard lock(mutex_);
    if (!kept_.emplace(number, picture).second) return picture;
    order_.push_back(number);
    kept_bytes_ += bytes_of(*picture);
    while (kept_bytes_ > kMostKept && order_.size() > 1) {
        const auto oldest = kept_.find(order_.front());
        kept_bytes_ -= bytes_of(*oldest->second);
        kept_.erase(oldest);
        order_.pop_front();
    }
    return picture;
}

data::Picture Photographs::part(data::Size size, core::Random& random) const {
    const auto photograph = load(random.below(photographs_.images().size()));
    const int width = photograph->image.width();
    const int height = photograph->image.height();
    // Pixels of the photograph for one of the part.
    const double largest = std::min(static_cast<double>(width) / size.width,
                                    static_cast<double>(height) / size.height);
    const double step = largest * random.uniform(kSmallestPart, 1);
    const cv::Size sides(std::clamp(static_cast<int>(std::lround(step * size.width)), 1, width),
                         std::clamp(static_cast<int>(std::lround(step * size.height)), 1, height));
    const auto offset = [&](int room) {
        return static_cast<int>(random.below(static_cast<std::uint64_t>(room) + 1));
    };
    const int left = offset(width - sides.width);
    const int top = offset(height - sides.height);
    data::Picture part{resized(photograph->image, {{left, top}, sides}, size), {}};
    const double x = static_cast<double>(size.width) / sides.width;
    const double y = static_cast<double>(size.height) / sides.height;
    const data::View view{{x, 0, -left * x, 0, y, -top * y}, size};
    for (const formats::RecordRegion& region : photograph->regions)
        if (formats::RecordRegion moved = seen(region, view); !moved.polygon.empty())
            part.regions.push_back(std::move(moved));
    return part;
}

Image paint_scene(data::Size size, const Textures& textures, core::Random& random) {
    // What is painted coarsely and enlarged has edges as soft as a lens shows them.
    const double softness = random.uniform(1.2, 2.6);
    const data::Size coarse{static_cast<int>(size.width / softness),
                            static_cast<int>(size.height / softness)};
    Canvas canvas(coarse);
    kPainters[random.below(kPainters.size())](canvas, random);
    if (random.uniform() < 0.3) add_shapes(canvas, static_cast<int>(random.below(12)), random);
    add_texture(canvas.image, textures.stains, random.uniform(0, 0.5), random);
    Image scene = resized(canvas.image, {0, 0, coarse.width, coarse.height}, size);
    add_texture(scene, textures.surface, random.uniform(0, 0.35), random);
    return scene;
}

}  // namespace dbnet::synth
