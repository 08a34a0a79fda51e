#include "APIDescription.h"

static const unsigned char text[] = {
#embed "../openapi.yaml"
};

const unsigned char *api_description(void) { return text; }
size_t api_description_length(void) { return sizeof text; }
