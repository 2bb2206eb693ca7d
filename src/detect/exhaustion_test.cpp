// What happens when memory runs out: whatever allocation fails, an Error says so, and the next call
// works again.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <dbnet/detector.hpp>
#include <dbnet/error.hpp>

#include "detect/lanes.hpp"
#include "image/encode.hpp"
#include "model/onnx.hpp"
#include "support/failing_memory.hpp"
#include "support/scene.hpp"
#include "support/temp_dir.hpp"
#include "support/tiny_model.hpp"

namespace dbnet {
namespace {

using test::fail_allocation_after;

/// Lets the first, second, ... allocation of the action fail, farther and farther apart, until none
/// is left; what leaves it must be an Error. How many failures there were.
int fail_each_allocation_of(const auto& action) {
    int failures = 0;
    for (long count = 0;; count += 1 + count / 6) {
        fail_allocation_after(count);
        try {
            action();
        } catch (const Error& error) {
            fail_allocation_after(-1);
            EXPECT_NE(std::string(error.what()), "");
        } catch (const std::exception& error) {
            fail_allocation_after(-1);
            ADD_FAILURE() << "allocation " << count << ": " << error.what();
        }
        const bool failed = test::has_allocation_failed();
        fail_allocation_after(-1);
        if (!failed) return failures;
        ++failures;
    }
}

TEST(Exhaustion, OfAPictureIsAnError) {
    const image::Bytes png = image::encode_png(Image(40, 30));
    const image::Bytes jpeg = image::encode_jpeg(Image(40, 30));
    const test::TempDir folder;
    const std::string copy_png = folder / "copy.png", copy_jpg = folder / "copy.jpg";
    EXPECT_GT(fail_each_allocation_of([&] {
                  Image::decode(png);
                  Image::decode(jpeg).write(copy_png);
                  Image::read(copy_png).write(copy_jpg);
              }),
              10);
    EXPECT_THROW(Image(2'000'000'000, 2'000'000'000), Error);
}

TEST(Exhaustion, OfADetectorIsAnError) {
    const test::TempDir folder;
    const std::string path = folder / "tiny.onnx";
    model::write_onnx(test::tiny_model(), path);
    const test::Scene scene = test::make_scene(320, 256, 4, 1);
    DetectorOptions one;
    one.threads = 1;
    const Detector detector = Detector::open(path, one);
    const Detection expected = detector.detect(scene.image);
    DetectOptions options;
    options.explain = options.keep_map = true;
    EXPECT_GT(fail_each_allocation_of([&] { detector.detect(scene.image, options); }), 10);
    const std::vector<ImageView> many(40, scene.image);
    EXPECT_GT(fail_each_allocation_of([&] { detector.detect(many); }), 10);
    EXPECT_EQ(detector.detect(scene.image).regions, expected.regions);
    EXPECT_GT(fail_each_allocation_of([&] { Detector::open(path, one); }), 10);
}

TEST(Exhaustion, OfTheQueueLeavesNothingBehind) {
    detect::Lanes lanes(1, 1, engine::reference_backend());
    int done = 0;
    for (int count = 0; count < 8; ++count) {
        // More than a block of the queue, so that it has to grow somewhere on the way.
        const std::vector<detect::Lanes::Work> many(300, [&](detect::Lane&) { ++done; });
        fail_allocation_after(count);
        try {
            lanes.run(many, {});
        } catch (const std::bad_alloc&) {
        }
        fail_allocation_after(-1);
        done = 0;
        lanes.run(std::vector<detect::Lanes::Work>{[&](detect::Lane&) { ++done; }}, {});
        EXPECT_EQ(done, 1) << count;
    }
}

}  // namespace
}  // namespace dbnet
