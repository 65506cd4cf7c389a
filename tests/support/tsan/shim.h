/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every file of the shim needs. See README.md in this folder. */
#pragma once

#include <dlfcn.h>
#include <gio/gio.h>
#include <gst/gst.h>
#include <sanitizer/tsan_interface.h>
#include <stdlib.h>

/* Programs that a test starts inherit LD_PRELOAD without TSan's runtime. */
#pragma weak __tsan_acquire
#pragma weak __tsan_release
#pragma weak __tsan_mutex_create
#pragma weak __tsan_mutex_destroy
#pragma weak __tsan_mutex_pre_lock
#pragma weak __tsan_mutex_post_lock
#pragma weak __tsan_mutex_pre_unlock
#pragma weak __tsan_mutex_post_unlock

static inline gboolean
shim_active (void)
{
  return __tsan_acquire != NULL;
}

static inline void
shim_acquire (gconstpointer address)
{
  if (shim_active () && address)
    __tsan_acquire ((gpointer) address);
}

static inline void
shim_release (gconstpointer address)
{
  if (shim_active () && address)
    __tsan_release ((gpointer) address);
}

static inline gpointer
shim_lookup (gpointer *slot, const gchar *name)
{
  gpointer found = __atomic_load_n (slot, __ATOMIC_ACQUIRE);

  if (!found) {
    found = dlsym (RTLD_NEXT, name);
    if (!found)
      abort ();
    __atomic_store_n (slot, found, __ATOMIC_RELEASE);
  }
  return found;
}

/* The function of that name which the shim stands in front of. */
#define REAL(function)                                          \
  ({                                                            \
    static gpointer slot_;                                      \
    (__typeof__ (&(function))) shim_lookup (&slot_, #function); \
  })
