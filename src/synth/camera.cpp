#include "synth/camera.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "image/encode.hpp"

namespace dbnet::synth {
namespace {

constexpr int kUnchanged = 128;    // gain of the light
constexpr int kLargestGain = 257;  // times a pixel's value it still fits 16 bits

/// Brightness on a coarse grid over the picture.
class Light {
public:
    static constexpr int kCells = 8;
    static constexpr int kBand = 4;  ///< rows that share their gains: the light is smooth

    explicit Light(core::Random& random) {
        const double strength = random.uniform();
        const double exposure = random.uniform(0.72, 1.25);
        const double slope = random.uniform(0, 0.45) * strength;
        const double angle = random.uniform(0, 6.2832);
        const double vignette = random.uniform() < 0.5 ? random.uniform(0, 0.3) : 0;
        const double blotch = random.uniform() < 0.4 ? random.uniform(0, 0.12) : 0;
        for (int j = 0; j <= kCells; ++j)
            for (int i = 0; i <= kCells; ++i) {
                const double x = 2.0 * i / kCells - 1;
                const double y = 2.0 * j / kCells - 1;
                const double gain = 1 + slope * (x * std::cos(angle) + y * std::sin(angle)) -
                                    vignette * (x * x + y * y) / 2 +
                                    blotch * static_cast<double>(random.normal());
                at(j, i) = kUnchanged * exposure * std::clamp(gain, 0.3, 1.6);
            }
        const double warmth = random.uniform(-0.1, 0.1);
        tint_ = {1 + warmth, 1, 1 - warmth};
    }

    /// The gains of the samples of each row of an image, top to bottom: `use(y, gains)`.
    template <typename Use>
    void each_row(int width, int height, Use use) const {
        std::array<std::vector<float>, kCells + 1> across;
        for (int j = 0; j <= kCells; ++j) across[static_cast<std::size_t>(j)] = row(j, width);
        std::vector<std::uint16_t> gains(across[0].size());
        for (int y = 0; y < height; ++y) {
            if (y % kBand == 0) {
                const float v =
                    (static_cast<float>(y) + 0.5f) / static_cast<float>(height) * kCells;
                const auto j = static_cast<std::size_t>(v);
                const float t = v - static_cast<float>(j);
                for (std::size_t i = 0; i < gains.size(); ++i)
                    gains[i] = static_cast<std::uint16_t>(
                        static_cast<int>(across[j][i] + t * (across[j + 1][i] - across[j][i])));
            }
            use(y, gains.data());
        }
    }

private:
    /// A row of the grid, interpolated to the samples of `width` pixels.
    std::vector<float> row(int j, int width) const {
        std::vector<float> gains;
        for (int x = 0; x < width; ++x) {
            const double u = (x + 0.5) / width * kCells;
            const int i = static_cast<int>(u);
            const double gain = at(j, i) + (u - i) * (at(j, i + 1) - at(j, i));
            for (const double tint : tint_)
                gains.push_back(static_cast<float>(std::min<double>(gain * tint, kLargestGain)));
        }
        return gains;
    }

    double& at(int j, int i) { return grid_[static_cast<std::size_t>(j * (kCells + 1) + i)]; }
    double at(int j, int i) const { return grid_[static_cast<std::size_t>(j * (kCells + 1) + i)]; }

    std::array<double, (kCells + 1) * (kCells + 1)> grid_{};
    std::array<double, 3> tint_{};
};

void apply(const Light& light, Image& image) {
    const int samples = 3 * image.width();
    light.each_row(image.width(), image.height(), [&](int y, const std::uint16_t* gains) {
        std::uint8_t* const pixels = image.row(y);
        for (int i = 0; i < samples; ++i) {
            const auto product = static_cast<std::uint16_t>(pixels[i] * gains[i]);
            pixels[i] = static_cast<std::uint8_t>(std::min<std::uint16_t>(255, product >> 7));
        }
    });
}

void filter(Image& image, const cv::Mat& horizontal, const cv::Mat& vertical) {
    cv::Mat pixels(image.height(), image.width(), CV_8UC3, image.row(0));
    cv::sepFilter2D(pixels, pixels, CV_8U, horizontal, vertical);
}

cv::Mat identity() { return cv::Mat::ones(1, 1, CV_32F); }

/// Out of focus, or moved to the side or up.
double blur(Image& image, core::Random& random) {
    const double kind = random.uniform();
    if (kind < 0.55) return 0;
    if (kind < 0.9) {
        const double sigma = random.uniform(0.4, 1.5);
        const int side = sigma < 0.75 ? 3 : sigma < 1.1 ? 5 : 7;
        const cv::Mat kernel = cv::getGaussianKernel(side, sigma, CV_32F);
        filter(image, kernel, kernel);
        return sigma;
    }
    const int side = 3 + 2 * static_cast<int>(random.below(2));
    const cv::Mat box(1, side, CV_32F, cv::Scalar(1.0 / side));
    if (random.uniform() < 0.7)
        filter(image, box, identity());
    else
        filter(image, identity(), box);
    return side / std::sqrt(12.0);
}

}  // namespace

double photograph(Image& image, const CameraOptions& options, const Textures& textures,
                  core::Random& random) {
    apply(Light(random), image);
    const double sigma = blur(image, random);
    if (options.noise && random.uniform() < 0.7)
        add_texture(image, textures.grain, random.uniform(0.02, 0.35), random);
    if (options.jpeg && random.uniform() < 0.8) {
        const int quality = 35 + static_cast<int>(random.below(55));
        image = Image::decode(image::encode_jpeg(image, quality));
    }
    return sigma;
}

}  // namespace dbnet::synth
