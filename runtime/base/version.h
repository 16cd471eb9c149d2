/* The version of Penstock, as told to Lambda (User-Agent) and by --version. */
#ifndef PS_VERSION_H
#define PS_VERSION_H

#define PS_VERSION "0.2.0"

#endif
