#include "app/plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <sstream>

#include <opencv2/imgproc.hpp>

#include "core/error.hpp"
#include "core/file.hpp"
#include "image/matrix.hpp"

namespace dbnet::app {
namespace {

constexpr int kWidth = 640;
constexpr int kHeight = 480;
constexpr double kLeft = 70;
constexpr double kRight = 620;
constexpr double kTop = 40;
constexpr double kBottom = 420;
constexpr int kMostTicks = 8;
constexpr std::size_t kMostLogarithmicTicks = 10;
constexpr double kLogarithmicLow = 1e-30;  ///< of the values that an axis is made for
constexpr double kLetterWidth = 8;
constexpr double kLegendLine = 18;
constexpr double kLegendMargin = 12;

struct Colour {
    const char* name;
    cv::Scalar rgb;
};
const std::array<Colour, 4> kColours{{{"#1b6ac9", {27, 106, 201}},
                                      {"#d1495b", {209, 73, 91}},
                                      {"#2e933c", {46, 147, 60}},
                                      {"#8a5a00", {138, 90, 0}}}};

/// Of equal steps on an axis: 1, 2 or 5 times a power of ten, at least `least`.
double round_step(double least) {
    const double power = std::pow(10, std::floor(std::log10(least)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power >= least * (1 - 1e-9)) return factor * power;
    return 10 * power;
}

/// Numbers of the form 1, 2 or 5 times a power of ten around and between two positive ones.
std::vector<double> round_numbers(double low, double high) {
    std::vector<double> numbers;
    double power = std::pow(10, std::floor(std::log10(low)));
    for (; power <= high * 10; power *= 10)
        for (const double factor : {1.0, 2.0, 5.0}) numbers.push_back(factor * power);
    const auto first = std::ranges::upper_bound(numbers, low * (1 + 1e-9)) - 1;
    const auto last = std::ranges::lower_bound(numbers, high * (1 - 1e-9));
    return {first, last + 1};
}

std::vector<double> ticks(const Range& range) {
    std::vector<double> result;
    if (range.logarithmic) {
        result = round_numbers(range.low, range.high);
        if (result.size() > kMostLogarithmicTicks)
            std::erase_if(result, [](double value) {
                const double digits = std::log10(value);
                return std::abs(digits - std::round(digits)) > 1e-6;
            });
        return result;
    }
    const double step = round_step((range.high - range.low) / kMostTicks);
    for (double i = std::ceil(range.low / step - 1e-6) + 0.0; i * step <= range.high + 1e-6 * step;
         ++i)
        result.push_back(i * step);
    return result;
}

/// Where a value lies on an axis of length 1; not finite for what it cannot show.
double share(double value, const Range& range) {
    if (range.logarithmic) return std::log(value / range.low) / std::log(range.high / range.low);
    return (value - range.low) / (range.high - range.low);
}

/// From the axes to the picture.
Point place(const Plot& plot, Point point) {
    return {kLeft + share(point.x, plot.x) * (kRight - kLeft),
            kBottom - share(point.y, plot.y) * (kBottom - kTop)};
}

/// The points of a line that can be shown, in the picture.
std::vector<Point> placed(const Plot& plot, const Series& series) {
    std::vector<Point> points;
    for (const Point point : series.points) {
        const Point at = place(plot, point);
        if (std::isfinite(at.x) && std::isfinite(at.y)) points.push_back(at);
    }
    return points;
}

/// A plot is drawn by two kinds of pen.
class Pen {
public:
    Pen() = default;
    virtual ~Pen() = default;
    Pen(const Pen&) = delete;
    Pen& operator=(const Pen&) = delete;
    virtual void line(const std::vector<Point>& points, const Colour& colour, double width) = 0;
    virtual void dot(Point at, const Colour& colour, double radius) = 0;
    virtual void blank(const Rect& box) = 0;
    /// `anchor`: 0 left, 0.5 middle, 1 right of the text at the place.
    virtual void text(Point at, const std::string& text, double anchor, const Colour& colour) = 0;
};

class SvgPen : public Pen {
public:
    void line(const std::vector<Point>& points, const Colour& colour, double width) override {
        out_ << "<polyline fill=\"none\" stroke=\"" << colour.name << "\" stroke-width=\"" << width
             << "\" points=\"";
        for (const Point point : points) out_ << point.x << "," << point.y << " ";
        out_ << "\"/>\n";
    }
    void dot(Point at, const Colour& colour, double radius) override {
        out_ << "<circle cx=\"" << at.x << "\" cy=\"" << at.y << "\" r=\"" << radius << "\" fill=\""
             << colour.name << "\"/>\n";
    }
    void blank(const Rect& box) override {
        out_ << "<rect x=\"" << box.x << "\" y=\"" << box.y << "\" width=\"" << box.width
             << "\" height=\"" << box.height << "\" fill=\"#fff\"/>\n";
    }
    void text(Point at, const std::string& text, double anchor, const Colour& colour) override {
        const char* const side = anchor == 0 ? "start" : anchor == 1 ? "end" : "middle";
        out_ << "<text x=\"" << at.x << "\" y=\"" << at.y << "\" fill=\"" << colour.name
             << "\" text-anchor=\"" << side << "\">" << text << "</text>\n";
    }
    std::string finish() const {
        return core::concat("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", kWidth,
                            "\" height=\"", kHeight,
                            "\" font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"100%\" "
                            "height=\"100%\" fill=\"#fff\"/>\n",
                            out_.str(), "</svg>\n");
    }

private:
    std::ostringstream out_;
};

class ImagePen : public Pen {
public:
    ImagePen() : image_(kWidth, kHeight) { image::matrix_of(image_).setTo(cv::Scalar::all(255)); }

    void line(const std::vector<Point>& points, const Colour& colour, double width) override {
        std::vector<cv::Point> fixed;
        for (const Point point : points) fixed.push_back(to_fixed(point));
        cv::polylines(image::matrix_of(image_), fixed, false, colour.rgb, cvRound(width),
                      cv::LINE_AA, kFraction);
    }
    void dot(Point at, const Colour& colour, double radius) override {
        cv::circle(image::matrix_of(image_), to_fixed(at), cvRound(radius * (1 << kFraction)),
                   colour.rgb, cv::FILLED, cv::LINE_AA, kFraction);
    }
    void blank(const Rect& box) override {
        cv::rectangle(image::matrix_of(image_), cv::Rect2d(box.x, box.y, box.width, box.height),
                      cv::Scalar::all(255), cv::FILLED);
    }
    void text(Point at, const std::string& text, double anchor, const Colour& colour) override {
        constexpr double kScale = 0.45;
        const cv::Size size = cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, kScale, 1, nullptr);
        cv::putText(image::matrix_of(image_), text,
                    {cvRound(at.x - anchor * size.width), cvRound(at.y)}, cv::FONT_HERSHEY_SIMPLEX,
                    kScale, colour.rgb, 1, cv::LINE_AA);
    }
    Image finish() { return std::move(image_); }

private:
    static constexpr int kFraction = 4;  // bits

    static cv::Point to_fixed(Point point) {
        return {cvRound(point.x * (1 << kFraction)), cvRound(point.y * (1 << kFraction))};
    }

    Image image_;
};

double covered(const Rect& box, const std::vector<Point>& line) {
    constexpr int kSteps = 16;  // between two points
    double count = 0;
    for (std::size_t i = 1; i < line.size(); ++i)
        for (int step = 0; step <= kSteps; ++step) {
            const double part = static_cast<double>(step) / kSteps;
            const double x = line[i - 1].x + part * (line[i].x - line[i - 1].x) - box.x;
            const double y = line[i - 1].y + part * (line[i].y - line[i - 1].y) - box.y;
            count += x >= 0 && x <= box.width && y >= 0 && y <= box.height;
        }
    return count;
}

/// The corner of the plot in which the names hide the least of the lines.
Rect legend_box(const Plot& plot, const std::vector<std::vector<Point>>& lines) {
    std::size_t letters = 0;
    for (const Series& series : plot.series) letters = std::max(letters, series.name.size());
    const Rect size{0, 0, kLetterWidth * static_cast<double>(letters),
                    kLegendLine * static_cast<double>(plot.series.size())};
    const double right = kRight - kLegendMargin - size.width;
    const double bottom = kBottom - kLegendMargin - size.height;
    Rect best;
    double least = std::numeric_limits<double>::infinity();
    for (const Point corner :
         {Point{kLeft + kLegendMargin, bottom}, Point{right, bottom},
          Point{right, kTop + kLegendMargin}, Point{kLeft + kLegendMargin, kTop + kLegendMargin}}) {
        const Rect box{corner.x, corner.y, size.width, size.height};
        double hidden = 0;
        for (const auto& line : lines) hidden += covered(box, line);
        if (hidden < least) {
            least = hidden;
            best = box;
        }
    }
    return best;
}

void draw_legend(const Plot& plot, const Rect& box, Pen& pen) {
    constexpr double kDescent = 5;  // of letters below their line
    if (std::ranges::all_of(plot.series, [](const Series& one) { return one.name.empty(); }))
        return;
    pen.blank({box.x, box.y, box.width, box.height + kDescent});
    for (std::size_t i = 0; i < plot.series.size(); ++i)
        pen.text({box.x, box.y + kLegendLine * static_cast<double>(i + 1)}, plot.series[i].name, 0,
                 kColours[i % kColours.size()]);
}

void draw(const Plot& plot, Pen& pen) {
    const Colour grid{"#ddd", {221, 221, 221}};
    const Colour ink{"#333", {51, 51, 51}};
    for (const double value : ticks(plot.x)) {
        const double at = place(plot, {value, plot.y.low}).x;
        pen.line({{at, kBottom}, {at, kTop}}, grid, 1);
        const std::string number = core::concat(value);
        const double half = kLetterWidth * static_cast<double>(number.size()) / 2;
        pen.text({std::min(at, kWidth - half), kBottom + 18}, number, 0.5, ink);
    }
    for (const double value : ticks(plot.y)) {
        const double at = place(plot, {plot.x.low, value}).y;
        pen.line({{kLeft, at}, {kRight, at}}, grid, 1);
        pen.text({kLeft - 8, at + 4}, core::concat(value), 1, ink);
    }
    pen.text({(kLeft + kRight) / 2, kTop - 16}, plot.title, 0.5, ink);
    pen.text({(kLeft + kRight) / 2, kBottom + 42}, plot.x_label, 0.5, ink);
    pen.text({kLeft - 60, kTop - 16}, plot.y_label, 0, ink);
    std::vector<std::vector<Point>> lines;
    for (const Series& series : plot.series) lines.push_back(placed(plot, series));
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const Colour& colour = kColours[i % kColours.size()];
        pen.line(lines[i], colour, 2);
        if (plot.series[i].dots)
            for (const Point point : lines[i]) pen.dot(point, colour, 3);
    }
    draw_legend(plot, legend_box(plot, lines), pen);
}

}  // namespace

Range range_around(const std::vector<double>& values, bool logarithmic) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const double value : values) {
        if (!std::isfinite(value)) continue;
        if (logarithmic && (value < kLogarithmicLow || value > 1 / kLogarithmicLow)) continue;
        low = std::min(low, value);
        high = std::max(high, value);
    }
    if (low > high) return {logarithmic ? 0.1 : 0, 1, logarithmic};
    if (logarithmic) {
        const std::vector<double> ends = round_numbers(low, high);
        return {ends.front(), ends.size() > 1 ? ends.back() : 2 * ends.front(), true};
    }
    if (low == high) high = low + (low == 0 ? 1 : std::abs(low));
    const double step = round_step((high - low) / kMostTicks);
    return {std::floor(low / step + 1e-6) * step, std::ceil(high / step - 1e-6) * step};
}

std::string to_svg(const Plot& plot) {
    SvgPen pen;
    draw(plot, pen);
    return pen.finish();
}

Image to_image(const Plot& plot) {
    ImagePen pen;
    draw(plot, pen);
    return pen.finish();
}

void write_plot(const std::string& stem, const Plot& plot) {
    core::write_file(stem + ".svg", to_svg(plot));
    to_image(plot).write(stem + ".png");
}

}  // namespace dbnet::app
