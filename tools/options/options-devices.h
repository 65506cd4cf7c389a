/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"

/* Which camera, microphone and speaker, and what of them. */

void vmt_options_add_devices (GArray *all, VmtOptions *options);
/* Once the source is known. Errors are sentences for the user. */
gboolean vmt_options_check_devices (const VmtOptions *options, GError **error);
