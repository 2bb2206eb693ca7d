/* A separate C program against the installed package. */
#include <dbnet/dbnet.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char** argv) {
    static uint8_t pixels[240 * 320 * 3];
    const dbnet_image image = {pixels, 320, 240, 320 * 3, DBNET_RGB8};
    dbnet_detector_options options = DBNET_DETECTOR_OPTIONS_INIT;
    dbnet_detector* detector = NULL;
    dbnet_detection* detection = NULL;

    if (argc < 2) return 2;
    if (dbnet_detector_open("missing.onnx", NULL, &detector) != DBNET_IO || detector != NULL ||
        strstr(dbnet_last_error(), "missing.onnx") == NULL)
        return 3;
    options.threads = 1;
    if (dbnet_detector_open(argv[1], &options, &detector) != DBNET_OK ||
        dbnet_detector_detect(detector, &image, NULL, &detection) != DBNET_OK) {
        fprintf(stderr, "%s\n", dbnet_last_error());
        return 1;
    }
    printf("dbnet %s, %zu regions, memory %zu\n", dbnet_version(), dbnet_detection_size(detection),
           dbnet_detector_memory(detector));
    dbnet_detection_free(detection);
    dbnet_detector_close(detector);
    return 0;
}
