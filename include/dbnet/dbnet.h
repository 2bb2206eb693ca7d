/* C interface of dbnet.
 *
 *   dbnet_detector* detector = NULL;
 *   dbnet_detection* detection = NULL;
 *   if (dbnet_detector_open("model.onnx", NULL, &detector) != DBNET_OK ||
 *       dbnet_detector_detect_file(detector, "sign.jpg", NULL, &detection) != DBNET_OK)
 *       fprintf(stderr, "%s\n", dbnet_last_error());
 *   for (size_t i = 0; i < dbnet_detection_size(detection); ++i)
 *       printf("%.2f\n", dbnet_detection_score(detection, i));
 *   dbnet_detection_free(detection);
 *   dbnet_detector_close(detector);
 *
 * Every function that can fail returns a status; dbnet_last_error() then holds the message of the
 * calling thread. Handles are the caller's and are given back with the function named at their
 * type. One detector serves any number of threads. Structures grow at their end only; initialise
 * them with DBNET_..._INIT. */
#ifndef DBNET_DBNET_H
#define DBNET_DBNET_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define DBNET_C_API __attribute__((visibility("default")))
#else
#define DBNET_C_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dbnet_status {
    DBNET_OK = 0,
    DBNET_INVALID_ARGUMENT = 1, /* an argument is out of range or contradicts another */
    DBNET_IO = 2,               /* a file could not be opened, read or written */
    DBNET_MALFORMED = 3,        /* the input is broken */
    DBNET_UNSUPPORTED = 4,      /* the input is well-formed but uses something dbnet does not do */
    DBNET_TOO_LARGE = 5,        /* a limit would be exceeded */
    DBNET_CANCELLED = 6,
    DBNET_INTERNAL = 7 /* a defect or an exhausted resource */
} dbnet_status;

typedef enum dbnet_pixel_format {
    DBNET_GREY8 = 0,
    DBNET_RGB8 = 1,
    DBNET_BGR8 = 2,
    DBNET_RGBA8 = 3,
    DBNET_BGRA8 = 4
} dbnet_pixel_format;

/* Continuous image coordinates: x right, y down, the origin at the top-left corner of the top-left
 * pixel. */
typedef struct dbnet_point {
    double x;
    double y;
} dbnet_point;

/* Pixels of the caller's; row y starts at data + y * stride. */
typedef struct dbnet_image {
    const uint8_t* data;
    int width;
    int height;
    ptrdiff_t stride;
    dbnet_pixel_format format;
} dbnet_image;

typedef struct dbnet_detector_options {
    size_t struct_size; /* sizeof(dbnet_detector_options), set by DBNET_DETECTOR_OPTIONS_INIT */
    int threads; /* threads that compute at the same time; 0: the cores this process may use */
    int lanes;   /* images in work at the same time, threads / lanes on each; 0: one per thread */
    const char* preset; /* "native", "mhliao", "mmocr", "paddle"; NULL: as the model says */
    size_t memory_limit; /* bytes that the detector may hold between calls; 0: no limit */
} dbnet_detector_options;
#define DBNET_DETECTOR_OPTIONS_INIT \
    { sizeof(dbnet_detector_options), 0, 1, NULL, 0 }

/* What stops detections that are under way or still to come; see dbnet_cancel. */
typedef struct dbnet_cancellation dbnet_cancellation; /* dbnet_cancellation_free */

/* Negative numbers and NULL: what the model or the preset says. */
typedef struct dbnet_detect_options {
    size_t struct_size;  /* sizeof(dbnet_detect_options), set by DBNET_DETECT_OPTIONS_INIT */
    const char* size;    /* "736", "736x1280", "max:960", ...: see docs/cli.md, --size */
    float threshold;     /* binarisation threshold, (0, 1) */
    float box_threshold; /* lowest score of a region, [0, 1] */
    float unclip_ratio;  /* > 0 */
    int tile;            /* 1: search the image in its own resolution, in tiles, whatever size says */
    int explain;         /* 1: keep the rejected candidates and why they were rejected */
    int max_candidates;  /* > 0 */
    int64_t max_input_pixels; /* the network's input is scaled down to so many; > 0 */
    const dbnet_cancellation* cancellation; /* NULL: the detection cannot be stopped */
} dbnet_detect_options;
#define DBNET_DETECT_OPTIONS_INIT \
    { sizeof(dbnet_detect_options), NULL, -1, -1, -1, 0, 0, -1, -1, NULL }

typedef struct dbnet_detector dbnet_detector;   /* dbnet_detector_close */
typedef struct dbnet_detection dbnet_detection; /* dbnet_detection_free */

/* "0.1.0" */
DBNET_C_API const char* dbnet_version(void);

/* Message of this thread's last failed call; valid until its next one. Never NULL. */
DBNET_C_API const char* dbnet_last_error(void);

/* `options` may be NULL. On failure *detector is NULL. */
DBNET_C_API dbnet_status dbnet_detector_open(const char* model_path,
                                             const dbnet_detector_options* options,
                                             dbnet_detector** detector);
DBNET_C_API void dbnet_detector_close(dbnet_detector* detector); /* NULL is allowed */

/* `options` may be NULL. On failure *detection is NULL. */
DBNET_C_API dbnet_status dbnet_detector_detect(const dbnet_detector* detector,
                                               const dbnet_image* image,
                                               const dbnet_detect_options* options,
                                               dbnet_detection** detection);
DBNET_C_API dbnet_status dbnet_detector_detect_file(const dbnet_detector* detector,
                                                    const char* image_path,
                                                    const dbnet_detect_options* options,
                                                    dbnet_detection** detection);

/* An encoded image (JPEG, PNG, ...) in memory. `name` stands for it in messages; NULL: "image". */
DBNET_C_API dbnet_status dbnet_detector_detect_bytes(const dbnet_detector* detector,
                                                     const void* bytes, size_t size,
                                                     const char* name,
                                                     const dbnet_detect_options* options,
                                                     dbnet_detection** detection);
/* Several images, on which the lanes work at the same time. `detections` is an array of `count`
 * pointers; on failure all are NULL. */
DBNET_C_API dbnet_status dbnet_detector_detect_many(const dbnet_detector* detector,
                                                    const dbnet_image* images, size_t count,
                                                    const dbnet_detect_options* options,
                                                    dbnet_detection** detections);

DBNET_C_API dbnet_status dbnet_cancellation_create(dbnet_cancellation** cancellation);
/* Ends the detections whose options name it with DBNET_CANCELLED, those to come as well. From any
 * thread, any number of times; NULL is allowed. */
DBNET_C_API void dbnet_cancel(dbnet_cancellation* cancellation);
/* No detection may use it any more. NULL is allowed. */
DBNET_C_API void dbnet_cancellation_free(dbnet_cancellation* cancellation);

/* Bytes that the detector holds: weights, plans and intermediate memory. 0 for NULL. */
DBNET_C_API size_t dbnet_detector_memory(const dbnet_detector* detector);
/* Gives back at once what can be rebuilt. */
DBNET_C_API dbnet_status dbnet_detector_trim(dbnet_detector* detector);

DBNET_C_API size_t dbnet_detection_size(const dbnet_detection* detection); /* regions; 0 for NULL */

/* Of region i; 0 or NULL when there is no such region. Pointers are valid until the detection is
 * freed. */
DBNET_C_API float dbnet_detection_score(const dbnet_detection* detection, size_t i);
DBNET_C_API const dbnet_point* dbnet_detection_polygon(const dbnet_detection* detection, size_t i,
                                                       size_t* points);
/* Four points: top-left, top-right, bottom-right, bottom-left as the text is turned. */
DBNET_C_API const dbnet_point* dbnet_detection_quad(const dbnet_detection* detection, size_t i);

/* What a user should be told, "scaled down 8.3 times, ..."; NULL when there is no such warning. */
DBNET_C_API size_t dbnet_detection_warnings(const dbnet_detection* detection);
DBNET_C_API const char* dbnet_detection_warning(const dbnet_detection* detection, size_t i);

/* With dbnet_detect_options.explain: every contour of the binarised map and what became of it. */
DBNET_C_API size_t dbnet_detection_candidates(const dbnet_detection* detection);
/* "accepted", "low_score", "too_small", ... */
DBNET_C_API const char* dbnet_candidate_verdict(const dbnet_detection* detection, size_t i);
/* For a person: "score 0.41 is below the box threshold 0.6". */
DBNET_C_API const char* dbnet_candidate_reason(const dbnet_detection* detection, size_t i);
DBNET_C_API float dbnet_candidate_score(const dbnet_detection* detection, size_t i);
DBNET_C_API const dbnet_point* dbnet_candidate_contour(const dbnet_detection* detection, size_t i,
                                                       size_t* points);

DBNET_C_API void dbnet_detection_free(dbnet_detection* detection); /* NULL is allowed */

#ifdef __cplusplus
}
#endif

#endif /* DBNET_DBNET_H */
