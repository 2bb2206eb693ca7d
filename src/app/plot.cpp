#include "app/plot.hpp"

#include <array>
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
constexpr int kTicks = 5;

struct Colour {
    const char* name;
    cv::Scalar rgb;
};
const std::array<Colour, 4> kColours{{{"#1b6ac9", {27, 106, 201}},
                                      {"#d1495b", {209, 73, 91}},
                                      {"#2e933c", {46, 147, 60}},
                                      {"#8a5a00", {138, 90, 0}}}};

/// From the square to the picture.
Point place(Point point) {
    return {kLeft + point.x * (kRight - kLeft), kBottom - point.y * (kBottom - kTop)};
}

/// A plot is drawn by two kinds of pen.
class Pen {
public:
    Pen() = default;
    virtual ~Pen() = default;
    Pen(const Pen&) = delete;
    Pen& operator=(const Pen&) = delete;
    virtual void line(const std::vector<Point>& points, const Colour& colour, double width) = 0;
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
        constexpr int kFraction = 4;  // bits
        std::vector<cv::Point> fixed;
        for (const Point point : points)
            fixed.emplace_back(cvRound(point.x * (1 << kFraction)),
                               cvRound(point.y * (1 << kFraction)));
        cv::polylines(image::matrix_of(image_), fixed, false, colour.rgb, cvRound(width),
                      cv::LINE_AA, kFraction);
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
    Image image_;
};

void draw(const Plot& plot, Pen& pen) {
    const Colour grid{"#ddd", {221, 221, 221}};
    const Colour ink{"#333", {51, 51, 51}};
    for (int i = 0; i <= kTicks; ++i) {
        const double at = static_cast<double>(i) / kTicks;
        pen.line({place({at, 0}), place({at, 1})}, grid, 1);
        pen.line({place({0, at}), place({1, at})}, grid, 1);
        const std::string number = core::concat(at);
        pen.text({place({at, 0}).x, kBottom + 18}, number, 0.5, ink);
        pen.text({kLeft - 8, place({0, at}).y + 4}, number, 1, ink);
    }
    pen.text({(kLeft + kRight) / 2, kTop - 16}, plot.title, 0.5, ink);
    pen.text({(kLeft + kRight) / 2, kBottom + 42}, plot.x_label, 0.5, ink);
    pen.text({kLeft - 60, kTop - 16}, plot.y_label, 0, ink);
    for (std::size_t i = 0; i < plot.series.size(); ++i) {
        const Colour& colour = kColours[i % kColours.size()];
        std::vector<Point> points;
        for (const Point point : plot.series[i].points) points.push_back(place(point));
        pen.line(points, colour, 2);
        pen.text({kLeft + 12, kBottom - 12 - 18 * static_cast<double>(i)}, plot.series[i].name, 0,
                 colour);
    }
}

}  // namespace

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
