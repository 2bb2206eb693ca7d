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
} dbnet_detector_options;
#define DBNET_DETECTOR_OPTIONS_INIT \
    { sizeof(dbnet_detector_options), 0, 1, NULL }

/* Negative numbers and NULL: what the model or the preset says. */
typedef struct dbnet_detect_options {
    size_t struct_size;  /* sizeof(dbnet_detect_options), set by DBNET_DETECT_OPTIONS_INIT */
    const char* size;    /* "736", "736x1280", "max:960", ...: see docs/cli.md, --size */
    float threshold;     /* binarisation threshold, (0, 1) */
    float box_threshold; /* lowest score of a region, [0, 1] */
    float unclip_ratio;  /* > 0 */
    int tile; /* 1: divide images that are too large for the network's input instead of scaling down
               */
} dbnet_detect_options;
#define DBNET_DETECT_OPTIONS_INIT \
    { sizeof(dbnet_detect_options), NULL, -1, -1, -1, 0 }

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

/* Bytes that the detector holds: weights, plans and intermediate memory. 0 for NULL. */
DBNET_C_API size_t dbnet_detector_memory(const dbnet_detector* detector);

DBNET_C_API size_t dbnet_detection_size(const dbnet_detection* detection); /* regions; 0 for NULL */

/* Of region i; 0 or NULL when there is no such region. Pointers are valid until the detection is
 * freed. */
DBNET_C_API float dbnet_detection_score(const dbnet_detection* detection, size_t i);
DBNET_C_API const dbnet_point* dbnet_detection_polygon(const dbnet_detection* detection, size_t i,
                                                       size_t* points);
/* Four points: top-left, top-right, bottom-right, bottom-left as the text is turned. */
DBNET_C_API const dbnet_point* dbnet_detection_quad(const dbnet_detection* detection, size_t i);
DBNET_C_API void dbnet_detection_free(dbnet_detection* detection); /* NULL is allowed */

#ifdef __cplusplus
}
#endif

#endif /* DBNET_DBNET_H */
