// The C API as a program that is linked with the shared library sees it.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <dbnet/dbnet.h>

#include "image/encode.hpp"
#include "model/onnx.hpp"
#include "support/failing_memory.hpp"
#include "support/scene.hpp"
#include "support/temp_dir.hpp"
#include "support/tiny_model.hpp"

namespace dbnet {
namespace {

class CApi : public testing::Test {
protected:
    CApi() {
        model::write_onnx(test::tiny_model(), model_);
        dbnet_detector_options options = DBNET_DETECTOR_OPTIONS_INIT;
        options.threads = options.lanes = 2;
        EXPECT_EQ(dbnet_detector_open(model_.c_str(), &options, &detector_), DBNET_OK);
    }
    ~CApi() override {
        dbnet_detection_free(detection_);
        dbnet_detector_close(detector_);
    }
    CApi(const CApi&) = delete;
    CApi& operator=(const CApi&) = delete;

    static dbnet_image view(const Image& image) {
        return {image.row(0), image.width(), image.height(),
                static_cast<std::ptrdiff_t>(image.width()) * 3, DBNET_RGB8};
    }

    const test::TempDir folder_;
    const std::string model_ = folder_ / "tiny.onnx";
    const test::Scene scene_ = test::make_scene(320, 256, 4, 1);
    dbnet_detector* detector_ = nullptr;
    dbnet_detection* detection_ = nullptr;
};

TEST_F(CApi, EncodedBytesAreDetectedOn) {
    const image::Bytes png = image::encode_png(scene_.image);
    ASSERT_EQ(dbnet_detector_detect_bytes(detector_, png.data(), png.size(), nullptr, nullptr,
                                          &detection_),
              DBNET_OK)
        << dbnet_last_error();
    EXPECT_EQ(dbnet_detection_size(detection_), scene_.boxes.size());
    dbnet_detection_free(detection_);
    EXPECT_EQ(dbnet_detector_detect_bytes(detector_, png.data(), png.size() / 2, "cut.png", nullptr,
                                          &detection_),
              DBNET_MALFORMED);
    EXPECT_EQ(detection_, nullptr);
    EXPECT_NE(std::string(dbnet_last_error()).find("cut.png"), std::string::npos);
    EXPECT_EQ(dbnet_detector_detect_bytes(detector_, nullptr, 5, nullptr, nullptr, &detection_),
              DBNET_INVALID_ARGUMENT);
}

TEST_F(CApi, SeveralPicturesComeInOrder) {
    std::vector<test::Scene> scenes;
    for (unsigned i = 0; i < 5; ++i)
        scenes.push_back(test::make_scene(320, 256, 2 + static_cast<int>(i), i));
    std::vector<dbnet_image> images;
    for (const test::Scene& scene : scenes) images.push_back(view(scene.image));
    std::vector<dbnet_detection*> detections(images.size());
    ASSERT_EQ(dbnet_detector_detect_many(detector_, images.data(), images.size(), nullptr,
                                         detections.data()),
              DBNET_OK);
    for (std::size_t i = 0; i < images.size(); ++i) {
        EXPECT_EQ(dbnet_detection_size(detections[i]), scenes[i].boxes.size());
        dbnet_detection_free(detections[i]);
    }
    images[3].data = nullptr;
    EXPECT_EQ(dbnet_detector_detect_many(detector_, images.data(), images.size(), nullptr,
                                         detections.data()),
              DBNET_INVALID_ARGUMENT);
    for (const dbnet_detection* detection : detections) EXPECT_EQ(detection, nullptr);
    EXPECT_EQ(dbnet_detector_detect_many(detector_, nullptr, 0, nullptr, nullptr), DBNET_OK);
}

TEST_F(CApi, CandidatesComeWithReasons) {
    dbnet_detect_options options = DBNET_DETECT_OPTIONS_INIT;
    options.explain = 1;
    options.box_threshold = 1;
    options.max_input_pixels = 20'000;
    const dbnet_image image = view(scene_.image);
    ASSERT_EQ(dbnet_detector_detect(detector_, &image, &options, &detection_), DBNET_OK);
    EXPECT_EQ(dbnet_detection_size(detection_), 0u);
    ASSERT_GE(dbnet_detection_candidates(detection_), scene_.boxes.size());
    EXPECT_STREQ(dbnet_candidate_verdict(detection_, 0), "low_score");
    EXPECT_NE(std::string(dbnet_candidate_reason(detection_, 0)).find("box threshold"),
              std::string::npos);
    EXPECT_GT(dbnet_candidate_score(detection_, 0), 0);
    std::size_t points = 0;
    EXPECT_NE(dbnet_candidate_contour(detection_, 0, &points), nullptr);
    EXPECT_GE(points, 4u);
    EXPECT_EQ(dbnet_candidate_verdict(detection_, 1000), nullptr);
    ASSERT_EQ(dbnet_detection_warnings(detection_), 1u);
    EXPECT_NE(std::string(dbnet_detection_warning(detection_, 0)).find("scaled down"),
              std::string::npos);
    EXPECT_EQ(dbnet_detection_warning(detection_, 1), nullptr);
}

TEST_F(CApi, AnotherThreadMayCancel) {
    dbnet_cancellation* cancellation = nullptr;
    ASSERT_EQ(dbnet_cancellation_create(&cancellation), DBNET_OK);
    dbnet_detect_options options = DBNET_DETECT_OPTIONS_INIT;
    options.cancellation = cancellation;
    const dbnet_image image = view(scene_.image);
    EXPECT_EQ(dbnet_detector_detect(detector_, &image, &options, &detection_), DBNET_OK);
    dbnet_detection_free(detection_);
    // Far more than can be done before the other thread says stop.
    const std::vector<dbnet_image> many(100'000, image);
    std::vector<dbnet_detection*> detections(many.size());
    std::jthread other([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        dbnet_cancel(cancellation);
    });
    EXPECT_EQ(dbnet_detector_detect_many(detector_, many.data(), many.size(), &options,
                                         detections.data()),
              DBNET_CANCELLED);
    EXPECT_EQ(detections.front(), nullptr);
    EXPECT_EQ(dbnet_detector_detect(detector_, &image, &options, &detection_), DBNET_CANCELLED);
    other.join();
    dbnet_cancel(nullptr);
    dbnet_cancellation_free(cancellation);
    EXPECT_EQ(dbnet_detector_detect(detector_, &image, nullptr, &detection_), DBNET_OK);
}

TEST_F(CApi, NothingLeavesItWhenMemoryRunsOut) {
    const dbnet_image image = view(scene_.image);
    const dbnet_image images[] = {image, image, image};
    const image::Bytes png = image::encode_png(scene_.image);
    int failures = 0;
    const auto fails = [&](dbnet_status status) {
        test::fail_allocation_after(-1);
        const bool failed = test::has_allocation_failed();
        if (status != DBNET_OK) {
            EXPECT_STRNE(dbnet_last_error(), "");
        }
        failures += status != DBNET_OK;
        return failed;
    };
    bool failed = true;
    for (long count = 0; failed; count += 1 + count / 6) {
        failed = false;
        dbnet_detection* detections[3] = {};
        test::fail_allocation_after(count);
        failed |= fails(dbnet_detector_detect_many(detector_, images, 3, nullptr, detections));
        for (dbnet_detection* detection : detections) dbnet_detection_free(detection);
        test::fail_allocation_after(count);
        failed |= fails(dbnet_detector_detect_bytes(detector_, png.data(), png.size(), "x", nullptr,
                                                    &detection_));
        dbnet_detection_free(std::exchange(detection_, nullptr));
        dbnet_detector* opened = nullptr;
        test::fail_allocation_after(count);
        failed |= fails(dbnet_detector_open(model_.c_str(), nullptr, &opened));
        dbnet_detector_close(opened);
    }
    EXPECT_GT(failures, 20);
}

TEST_F(CApi, ProgramsOfOlderHeadersKnowTheFirstMembersOnly) {
    dbnet_detect_options options = DBNET_DETECT_OPTIONS_INIT;
    options.struct_size = offsetof(dbnet_detect_options, explain);
    options.explain = 77;  // what lies behind the older structure
    options.cancellation = reinterpret_cast<const dbnet_cancellation*>(1);
    const dbnet_image image = view(scene_.image);
    EXPECT_EQ(dbnet_detector_detect(detector_, &image, &options, &detection_), DBNET_OK);
    EXPECT_EQ(dbnet_detection_candidates(detection_), 0u);
    EXPECT_EQ(dbnet_detector_trim(detector_), DBNET_OK);
    EXPECT_EQ(dbnet_detector_trim(nullptr), DBNET_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace dbnet
