// What the shell tests of the commands need besides a shell: a model whose answers are known,
// images of every kind, and readers of what was written.
//   cli_tool assets FOLDER
//   cli_tool finds FORMAT FILE STEM...    the file has the bars of photo() for each of these images
//   cli_tool compare TOLERANCE FORMAT FILE FORMAT FILE
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <map>
#include <random>
#include <span>
#include <string>

#include <dbnet/image.hpp>

#include "core/error.hpp"
#include "core/file.hpp"
#include "formats/formats.hpp"
#include "geometry/polygon.hpp"
#include "image/encode.hpp"
#include "model/onnx.hpp"
#include "support/images.hpp"
#include "support/tiny_model.hpp"

namespace dbnet::test {
namespace {

namespace fs = std::filesystem;
using formats::Record;

/// White bars of 80x24 pixels on black, by their centres in reading order.
constexpr std::array<Point, 3> kBars{{{72, 44}, {232, 44}, {152, 124}}};

Image photo() {
    Image image(320, 192);
    for (const Point& centre : kBars)
        for (int y = static_cast<int>(centre.y) - 12; y < centre.y + 12; ++y)
            std::fill_n(image.row(y) + (static_cast<int>(centre.x) - 40) * 3, 80 * 3, 255);
    return image;
}

/// The bytes of a JPEG file with an EXIF block after its first marker.
Bytes with_exif(const Bytes& jpeg, const Bytes& exif) {
    const auto size = static_cast<unsigned>(exif.size() + 8);
    Bytes result(jpeg.begin(), jpeg.begin() + 2);
    for (const unsigned byte : {0xffu, 0xe1u, size >> 8, size & 255u})
        result.push_back(static_cast<std::uint8_t>(byte));
    for (const char c : {'E', 'x', 'i', 'f', '\0', '\0'})
        result.push_back(static_cast<std::uint8_t>(c));
    result.insert(result.end(), exif.begin(), exif.end());
    result.insert(result.end(), jpeg.begin() + 2, jpeg.end());
    return result;
}

void write_good_images(const fs::path& folder) {
    const Bytes jpeg = image::encode_jpeg(photo());
    core::write_file(folder / "photo.jpg", jpeg);
    for (const char* name : {"photos/a.jpg", "photos/b.jpg", "photos/deep/c.jpg"}) {
        fs::create_directories((folder / name).parent_path());
        core::write_file(folder / name, jpeg);
    }
    core::write_file(folder / "turned.jpg",
                     with_exif(image::encode_jpeg(stored_as(photo(), 6)), exif_block(6, true)));
    fs::create_directory(folder / "kinds");
    core::write_file(folder / "kinds/mislabelled.jpg", image::encode_png(photo()));
    for (const EncodedImage& image : encoded_images())
        core::write_file(folder / "kinds" / image.name, image.bytes);
    for (const auto& [name, width, height] :
         {std::tuple{"tiny.png", 1, 1}, {"narrow.png", 1, 20000}, {"flat.png", 20000, 1}})
        core::write_file(folder / "kinds" / name, image::encode_png(Image(width, height)));
}

void write_bad_images(const fs::path& folder) {
    fs::create_directory(folder / "bad");
    const Bytes jpeg = image::encode_jpeg(photo());
    core::write_file(folder / "bad/truncated.jpg",
                     std::span<const std::uint8_t>(jpeg).first(jpeg.size() / 2));
    core::write_file(folder / "bad/empty.jpg", std::string_view());
    core::write_file(folder / "bad/text.jpg", std::string_view("This is no image.\n"));
    Bytes noise(5000);
    std::minstd_rand random(1);
    std::ranges::generate(noise, [&] { return static_cast<std::uint8_t>(random() >> 8); });
    core::write_file(folder / "bad/random.jpg", noise);
    for (const EncodedImage& image : images_with_huge_headers())
        core::write_file(folder / "bad" / image.name, image.bytes);
}

std::vector<Record> read_records(const std::string& format, const std::string& path) {
    const formats::Format* found = formats::find(format);
    if (found == nullptr || found->read == nullptr)
        core::fail(ErrorCode::invalid_argument, "no reader for ", format);
    return read_all(*found, path);
}

bool is_about(const formats::RecordRegion& region, const Point& centre) {
    constexpr double kTolerance = 4;
    const Rect box = geometry::bounding_rect(region.polygon);
    return std::abs(box.x + box.width / 2 - centre.x) < kTolerance &&
           std::abs(box.y + box.height / 2 - centre.y) < kTolerance;
}

std::map<std::string, Record> by_stem(std::vector<Record> records) {
    std::map<std::string, Record> result;
    for (Record& record : records) {
        const std::string stem = fs::path(record.image).stem();
        result[stem] = std::move(record);
    }
    return result;
}

const Record& at(const std::map<std::string, Record>& records, const std::string& stem) {
    const auto found = records.find(stem);
    if (found == records.end()) core::fail(ErrorCode::malformed, stem, " is missing");
    return found->second;
}

void find_bars(const std::map<std::string, Record>& records, std::span<const std::string> stems) {
    for (const std::string& stem : stems)
        if (!std::ranges::equal(at(records, stem).regions, kBars, is_about))
            core::fail(ErrorCode::malformed, stem, ": not the regions that were drawn");
}

void compare_regions(const Record& a, const Record& b, double tolerance) {
    if (a.regions.size() != b.regions.size())
        core::fail(ErrorCode::malformed, a.image, ": ", a.regions.size(), " regions against ",
                   b.regions.size());
    for (std::size_t i = 0; i < a.regions.size(); ++i) {
        const Polygon& p = a.regions[i].polygon;
        const Polygon& q = b.regions[i].polygon;
        const bool same = std::ranges::equal(p, q, [&](const Point& u, const Point& v) {
            return std::abs(u.x - v.x) <= tolerance && std::abs(u.y - v.y) <= tolerance;
        });
        if (!same) core::fail(ErrorCode::malformed, a.image, ": region ", i, " differs");
    }
}

/// Every image of the first file must be in the second one, with the same regions.
void compare(double tolerance, const std::vector<Record>& first, std::vector<Record> second) {
    const std::map<std::string, Record> others = by_stem(std::move(second));
    if (first.empty()) core::fail(ErrorCode::malformed, "nothing to compare");
    for (const Record& record : first)
        compare_regions(record, at(others, fs::path(record.image).stem()), tolerance);
}

int run(const std::vector<std::string>& arguments) {
    if (arguments.size() == 2 && arguments[0] == "assets") {
        model::write_onnx(tiny_model(), arguments[1] + "/det.onnx");
        write_good_images(arguments[1]);
        write_bad_images(arguments[1]);
    } else if (arguments.size() > 3 && arguments[0] == "finds") {
        find_bars(by_stem(read_records(arguments[1], arguments[2])),
                  std::span(arguments).subspan(3));
    } else if (arguments.size() == 6 && arguments[0] == "compare") {
        compare(std::stod(arguments[1]), read_records(arguments[2], arguments[3]),
                read_records(arguments[4], arguments[5]));
    } else {
        std::cerr << "see the head of cli_tool.cpp\n";
        return 2;
    }
    return 0;
}

}  // namespace
}  // namespace dbnet::test

int main(int argc, char** argv) {
    try {
        return dbnet::test::run({argv + 1, argv + argc});
    } catch (const std::exception& error) {
        std::cerr << "cli_tool: " << error.what() << "\n";
        return 1;
    }
}
