#include <dbnet/dbnet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

#include <dbnet/dbnet.hpp>

#include "core/error.hpp"

// The points of a region are handed out as they are.
static_assert(sizeof(dbnet_point) == sizeof(dbnet::Point) &&
              alignof(dbnet_point) == alignof(dbnet::Point) &&
              std::is_standard_layout_v<dbnet::Point>);

struct dbnet_detector {
    dbnet::Detector detector;
};

struct dbnet_detection {
    dbnet::Detection detection;
};

struct dbnet_cancellation {
    std::stop_source source;
};

namespace {

/// Of fixed size, so that no message needs memory that may be exhausted.
thread_local std::array<char, 1024> last_error{};

void set_last_error(const char* text) noexcept {
    const std::size_t length = std::min(std::strlen(text), last_error.size() - 1);
    std::copy_n(text, length, last_error.begin());
    last_error[length] = '\0';
}

dbnet_status status_of(dbnet::ErrorCode code) {
    switch (code) {
        case dbnet::ErrorCode::invalid_argument: return DBNET_INVALID_ARGUMENT;
        case dbnet::ErrorCode::io: return DBNET_IO;
        case dbnet::ErrorCode::malformed: return DBNET_MALFORMED;
        case dbnet::ErrorCode::unsupported: return DBNET_UNSUPPORTED;
        case dbnet::ErrorCode::too_large: return DBNET_TOO_LARGE;
        case dbnet::ErrorCode::cancelled: return DBNET_CANCELLED;
        case dbnet::ErrorCode::internal: break;
    }
    return DBNET_INTERNAL;
}

/// Runs the action; no exception leaves it.
template <typename Action>
dbnet_status guarded(Action action) noexcept {
    try {
        dbnet::core::with_errors(action);
        return DBNET_OK;
    } catch (const dbnet::Error& error) {
        set_last_error(error.what());
        return status_of(error.code());
    } catch (...) {  // there is no memory even for an error
        set_last_error("not enough memory");
        return DBNET_INTERNAL;
    }
}

void require(const void* pointer, const char* name) {
    if (pointer == nullptr) dbnet::core::fail(dbnet::ErrorCode::invalid_argument, name, " is NULL");
}

/// A structure of which the caller, built against an older header, may know only the first members.
template <typename Options>
Options complete(const Options* given, Options options) {
    if (given == nullptr) return options;
    if (given->struct_size < sizeof(size_t) || given->struct_size > 4096)
        dbnet::core::fail(dbnet::ErrorCode::invalid_argument, "struct_size is ", given->struct_size,
                          ": initialise the options with DBNET_..._INIT");
    std::memcpy(&options, given, std::min(given->struct_size, sizeof options));
    return options;
}

dbnet::DetectorOptions convert(const dbnet_detector_options& given) {
    dbnet::DetectorOptions options;
    options.threads = given.threads;
    options.lanes = given.lanes;
    if (given.preset != nullptr) options.preset = dbnet::preset_named(given.preset);
    options.memory_limit = given.memory_limit;
    return options;
}

dbnet::DetectOptions convert(const dbnet_detect_options& given) {
    dbnet::DetectOptions options;
    if (given.size != nullptr) options.size = dbnet::SizeRule::parse(given.size);
    if (!(given.threshold < 0)) options.threshold = given.threshold;
    if (!(given.box_threshold < 0)) options.box_threshold = given.box_threshold;
    if (!(given.unclip_ratio < 0)) options.unclip_ratio = given.unclip_ratio;
    options.tile = given.tile != 0;
    options.explain = given.explain != 0;
    if (given.max_candidates > 0) options.max_candidates = given.max_candidates;
    if (given.max_input_pixels > 0) options.max_input_pixels = given.max_input_pixels;
    return options;
}

dbnet::PixelFormat convert(dbnet_pixel_format format) {
    switch (format) {
        case DBNET_GREY8: return dbnet::PixelFormat::grey8;
        case DBNET_RGB8: return dbnet::PixelFormat::rgb8;
        case DBNET_BGR8: return dbnet::PixelFormat::bgr8;
        case DBNET_RGBA8: return dbnet::PixelFormat::rgba8;
        case DBNET_BGRA8: return dbnet::PixelFormat::bgra8;
    }
    dbnet::core::fail(dbnet::ErrorCode::invalid_argument, "unknown pixel format ",
                      static_cast<int>(format));
}

dbnet::ImageView convert(const dbnet_image& image) {
    return {image.data, image.width, image.height, image.stride, convert(image.format)};
}

/// Detects on the images and fills the array, wholly or not at all.
void detect(const dbnet_detector& detector, std::span<const dbnet::ImageView> images,
            const dbnet_detect_options* given, dbnet_detection** detections) {
    const dbnet_detect_options defaults = DBNET_DETECT_OPTIONS_INIT;
    const dbnet_detect_options options = complete(given, defaults);
    const std::stop_token stop = options.cancellation == nullptr
                                     ? std::stop_token()
                                     : options.cancellation->source.get_token();
    std::vector<dbnet::Detection> found = detector.detector.detect(images, convert(options), stop);
    std::vector<std::unique_ptr<dbnet_detection>> results;
    for (dbnet::Detection& detection : found)
        results.push_back(std::make_unique<dbnet_detection>(std::move(detection)));
    for (std::size_t i = 0; i < results.size(); ++i) detections[i] = results[i].release();
}

void detect(const dbnet_detector& detector, const dbnet::ImageView& image,
            const dbnet_detect_options* options, dbnet_detection** detection) {
    detect(detector, std::span(&image, 1), options, detection);
}

const dbnet::Region* region(const dbnet_detection* detection, size_t i) {
    return i < dbnet_detection_size(detection) ? &detection->detection.regions[i] : nullptr;
}

const dbnet::Candidate* candidate(const dbnet_detection* detection, size_t i) {
    return i < dbnet_detection_candidates(detection) ? &detection->detection.candidates[i]
                                                     : nullptr;
}

const dbnet_point* points_of(const dbnet::Point* points) {
    return reinterpret_cast<const dbnet_point*>(points);
}

}  // namespace

const char* dbnet_version(void) { return dbnet::version(); }

const char* dbnet_last_error(void) { return last_error.data(); }

dbnet_status dbnet_detector_open(const char* model_path, const dbnet_detector_options* options,
                                 dbnet_detector** detector) {
    return guarded([&] {
        require(detector, "detector");
        *detector = nullptr;
        require(model_path, "model_path");
        const dbnet_detector_options defaults = DBNET_DETECTOR_OPTIONS_INIT;
        *detector = new dbnet_detector{
            dbnet::Detector::open(model_path, convert(complete(options, defaults)))};
    });
}

void dbnet_detector_close(dbnet_detector* detector) { delete detector; }

dbnet_status dbnet_detector_detect(const dbnet_detector* detector, const dbnet_image* image,
                                   const dbnet_detect_options* options,
                                   dbnet_detection** detection) {
    return guarded([&] {
        require(detection, "detection");
        *detection = nullptr;
        require(detector, "detector");
        require(image, "image");
        detect(*detector, convert(*image), options, detection);
    });
}

dbnet_status dbnet_detector_detect_file(const dbnet_detector* detector, const char* image_path,
                                        const dbnet_detect_options* options,
                                        dbnet_detection** detection) {
    return guarded([&] {
        require(detection, "detection");
        *detection = nullptr;
        require(detector, "detector");
        require(image_path, "image_path");
        detect(*detector, dbnet::Image::read(image_path), options, detection);
    });
}

dbnet_status dbnet_detector_detect_bytes(const dbnet_detector* detector, const void* bytes,
                                         size_t size, const char* name,
                                         const dbnet_detect_options* options,
                                         dbnet_detection** detection) {
    return guarded([&] {
        require(detection, "detection");
        *detection = nullptr;
        require(detector, "detector");
        require(bytes, "bytes");
        const std::span encoded(static_cast<const std::uint8_t*>(bytes), size);
        detect(*detector, dbnet::Image::decode(encoded, name == nullptr ? "image" : name), options,
               detection);
    });
}

dbnet_status dbnet_detector_detect_many(const dbnet_detector* detector, const dbnet_image* images,
                                        size_t count, const dbnet_detect_options* options,
                                        dbnet_detection** detections) {
    return guarded([&] {
        if (count == 0) return;
        require(detections, "detections");
        std::fill_n(detections, count, nullptr);
        require(detector, "detector");
        require(images, "images");
        std::vector<dbnet::ImageView> views;
        for (size_t i = 0; i < count; ++i) views.push_back(convert(images[i]));
        detect(*detector, views, options, detections);
    });
}

dbnet_status dbnet_cancellation_create(dbnet_cancellation** cancellation) {
    return guarded([&] {
        require(cancellation, "cancellation");
        *cancellation = nullptr;
        *cancellation = new dbnet_cancellation;
    });
}

void dbnet_cancel(dbnet_cancellation* cancellation) {
    if (cancellation != nullptr) cancellation->source.request_stop();
}

void dbnet_cancellation_free(dbnet_cancellation* cancellation) { delete cancellation; }

size_t dbnet_detector_memory(const dbnet_detector* detector) {
    size_t bytes = 0;
    guarded([&] {
        require(detector, "detector");
        bytes = detector->detector.memory().total();
    });
    return bytes;
}

dbnet_status dbnet_detector_trim(dbnet_detector* detector) {
    return guarded([&] {
        require(detector, "detector");
        detector->detector.trim();
    });
}

size_t dbnet_detection_size(const dbnet_detection* detection) {
    return detection == nullptr ? 0 : detection->detection.regions.size();
}

float dbnet_detection_score(const dbnet_detection* detection, size_t i) {
    const dbnet::Region* found = region(detection, i);
    return found == nullptr ? 0 : found->score;
}

const dbnet_point* dbnet_detection_polygon(const dbnet_detection* detection, size_t i,
                                           size_t* points) {
    const dbnet::Region* found = region(detection, i);
    if (points != nullptr) *points = found == nullptr ? 0 : found->polygon.size();
    return found == nullptr ? nullptr : points_of(found->polygon.data());
}

const dbnet_point* dbnet_detection_quad(const dbnet_detection* detection, size_t i) {
    const dbnet::Region* found = region(detection, i);
    return found == nullptr ? nullptr : points_of(found->quad.data());
}

size_t dbnet_detection_warnings(const dbnet_detection* detection) {
    return detection == nullptr ? 0 : detection->detection.warnings.size();
}

const char* dbnet_detection_warning(const dbnet_detection* detection, size_t i) {
    return i < dbnet_detection_warnings(detection) ? detection->detection.warnings[i].c_str()
                                                   : nullptr;
}

size_t dbnet_detection_candidates(const dbnet_detection* detection) {
    return detection == nullptr ? 0 : detection->detection.candidates.size();
}

const char* dbnet_candidate_verdict(const dbnet_detection* detection, size_t i) {
    const dbnet::Candidate* found = candidate(detection, i);
    return found == nullptr ? nullptr : dbnet::to_string(found->verdict).data();
}

const char* dbnet_candidate_reason(const dbnet_detection* detection, size_t i) {
    const dbnet::Candidate* found = candidate(detection, i);
    return found == nullptr ? nullptr : found->reason.c_str();
}

float dbnet_candidate_score(const dbnet_detection* detection, size_t i) {
    const dbnet::Candidate* found = candidate(detection, i);
    return found == nullptr ? 0 : found->score;
}

const dbnet_point* dbnet_candidate_contour(const dbnet_detection* detection, size_t i,
                                           size_t* points) {
    const dbnet::Candidate* found = candidate(detection, i);
    if (points != nullptr) *points = found == nullptr ? 0 : found->contour.size();
    return found == nullptr ? nullptr : points_of(found->contour.data());
}

void dbnet_detection_free(dbnet_detection* detection) { delete detection; }
