// The dashboard's pages, as they were when this was built.
#ifndef TALLY_DASHBOARD_H
#define TALLY_DASHBOARD_H

#include <stddef.h>

/// One file of `pages`.
struct tally_page {
    /// From that folder, such as "scripts/api.js".
    const char *path;
    const char *content_type;
    const unsigned char *bytes;
    size_t count;
};

size_t tally_page_count(void);

/// `index` is below the count.
struct tally_page tally_page_at(size_t index);

#endif
