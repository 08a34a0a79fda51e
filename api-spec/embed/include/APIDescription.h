#ifndef API_DESCRIPTION_H
#define API_DESCRIPTION_H

#include <stddef.h>

/// The text of `api-spec/openapi.yaml`, so that the binary alone can serve it: lives as long as the process, not
/// terminated by a NUL.
const unsigned char *api_description(void);
size_t api_description_length(void);

#endif
