#include "detect/postprocess.hpp"

#include "core/error.hpp"
#include "detect/postprocess_methods.hpp"

namespace dbnet {

std::string_view to_string(Verdict verdict) noexcept {
    switch (verdict) {
        case Verdict::accepted: return "accepted";
        case Verdict::too_few_points: return "too_few_points";
        case Verdict::too_small: return "too_small";
        case Verdict::low_score: return "low_score";
        case Verdict::unclip_failed: return "unclip_failed";
        case Verdict::too_small_after: return "too_small_after";
        case Verdict::over_cap: return "over_cap";
        case Verdict::outside: return "outside";
    }
    return "unknown";
}

}  // namespace dbnet

namespace dbnet::detect {

PostprocessOptions PostprocessOptions::of(Preset preset, Outline outline) {
    PostprocessOptions options;
    options.preset = preset;
    options.outline = outline;
    switch (preset) {
        case Preset::native: break;
        case Preset::mhliao:
            options.max_candidates = 1000;
            options.unclip_ratio = outline == Outline::quad ? 1.5f : 2.f;
            options.score_mode = ScoreMode::box;
            break;
        case Preset::mmocr:
            options.box_threshold = 0.3f;
            options.min_size = 5;
            options.max_candidates = 3001;  // indices 0 to 3000
            options.simplify = 0.01f;
            break;
        case Preset::paddle:
            options.max_candidates = 1000;
            options.score_mode = ScoreMode::box;
            break;
    }
    return options;
}

PostprocessResult postprocess(const MapView& map, const PostprocessOptions& options) {
    const bool valid = map.values != nullptr && map.valid_width >= 1 && map.valid_height >= 1 &&
                       map.valid_width <= map.width && map.valid_height <= map.height &&
                       map.image_width >= 1 && map.image_height >= 1;
    if (!valid)
        core::fail(ErrorCode::invalid_argument, "a probability map of ", map.width, "x", map.height,
                   " with a valid part of ", map.valid_width, "x", map.valid_height,
                   " for an image of ", map.image_width, "x", map.image_height,
                   " cannot be post-processed");
    return options.preset == Preset::native ? postprocess_native(map, options)
                                            : postprocess_as_reference(map, options);
}

}  // namespace dbnet::detect
