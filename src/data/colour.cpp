#include "data/colour.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

#include <opencv2/core.hpp>

#include "data/augment_range.hpp"

namespace dbnet::data {
namespace {

using Matrix = cv::Matx33d;
using Vector = cv::Matx13d;

const Vector kGrey(0.299, 0.587, 0.114);

/// Each channel becomes the grey.
Matrix to_grey() {
    return {kGrey(0), kGrey(1), kGrey(2), kGrey(0), kGrey(1),
            kGrey(2), kGrey(0), kGrey(1), kGrey(2)};
}

Matrix turned_hue(double degrees) {
    const Matrix to_yiq(kGrey(0), kGrey(1), kGrey(2), 0.595716, -0.274453, -0.321263, 0.211456,
                        -0.522591, 0.311135);
    const double c = std::cos(degrees * std::numbers::pi / 180);
    const double s = std::sin(degrees * std::numbers::pi / 180);
    return to_yiq.inv() * Matrix(1, 0, 0, 0, c, -s, 0, s, c) * to_yiq;
}

/// Rows of a convex polygon that have the same columns.
struct Band {
    int top, bottom, left, right;  ///< the last two of each pair are outside
};

/// The columns of row y whose centres lie in the polygon.
Band columns_of(const Polygon& polygon, int y, int width) {
    const double middle = y + 0.5;
    double left = std::numeric_limits<double>::infinity();
    double right = -left;
    for (std::size_t i = 0; i < polygon.size(); ++i) {
        const Point& a = polygon[i];
        const Point& b = polygon[(i + 1) % polygon.size()];
        if ((a.y <= middle) == (b.y <= middle)) continue;
        const double x = a.x + (middle - a.y) / (b.y - a.y) * (b.x - a.x);
        left = std::min(left, x);
        right = std::max(right, x);
    }
    if (left >= right) return {y, y + 1, 0, 0};
    const auto column = [&](double x) {
        return static_cast<int>(std::clamp<double>(std::ceil(x - 0.5), 0, width));
    };
    return {y, y + 1, column(left), column(right)};
}

std::vector<Band> bands_of(const Polygon& polygon, const Image& image) {
    std::vector<Band> bands;
    for (int y = 0; y < image.height(); ++y) {
        const Band row = columns_of(polygon, y, image.width());
        if (row.left >= row.right) continue;
        const bool same = !bands.empty() && bands.back().bottom == y &&
                          bands.back().left == row.left && bands.back().right == row.right;
        if (same)
            ++bands.back().bottom;
        else
            bands.push_back(row);
    }
    return bands;
}

cv::Mat pixels_of(Image& image, const Band& band) {
    return {band.bottom - band.top, band.right - band.left, CV_8UC3,
            image.row(band.top) + std::ptrdiff_t{3} * band.left,
            static_cast<std::size_t>(image.width()) * 3};
}

double mean_grey(Image& image, const std::vector<Band>& bands) {
    double sum = 0;
    double pixels = 0;
    for (const Band& band : bands) {
        const cv::Mat part = pixels_of(image, band);
        const cv::Scalar channels = cv::sum(part);
        for (int c = 0; c < 3; ++c) sum += kGrey(c) * channels[c];
        pixels += static_cast<double>(part.total());
    }
    return sum / pixels;
}

struct Change {
    double brightness, contrast, saturation, hue;
    bool is_none() const { return brightness == 1 && contrast == 1 && saturation == 1 && hue == 0; }
};

Change draw(const ColourOptions& options, core::Random& random) {
    const auto factor = [&](double range) { return random.uniform(1 - range, 1 + range); };
    Change change{};
    change.brightness = factor(options.brightness);
    change.contrast = factor(options.contrast);
    change.saturation = factor(options.saturation);
    change.hue = random.uniform(-options.hue, options.hue);
    if (random.uniform() < options.grey) change.saturation = 0;
    return change;
}

}  // namespace

void check(const ColourOptions& options) {
    check_range("brightness", options.brightness, 0, 1);
    check_range("contrast", options.contrast, 0, 1);
    check_range("saturation", options.saturation, 0, 1);
    check_range("grey", options.grey, 0, 1);
    check_range("hue", options.hue, 0, 180);
}

void jitter_colours(Image& sample, const Polygon& shown, const ColourOptions& options,
                    core::Random& random) {
    const Change change = draw(options, random);
    if (change.is_none()) return;
    const std::vector<Band> bands = bands_of(shown, sample);
    if (bands.empty()) return;
    const Matrix saturated =
        change.saturation * turned_hue(change.hue) + (1 - change.saturation) * to_grey();
    const Matrix linear = change.brightness * change.contrast * saturated;
    const double offset = change.brightness * (1 - change.contrast) * mean_grey(sample, bands);
    cv::Matx34d map;
    for (int row = 0; row < 3; ++row) {
        for (int column = 0; column < 3; ++column) map(row, column) = linear(row, column);
        map(row, 3) = offset;
    }
    for (const Band& band : bands) {
        cv::Mat part = pixels_of(sample, band);
        cv::transform(part, part, map);  // in fixed point
    }
}

}  // namespace dbnet::data
