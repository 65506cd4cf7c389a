/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Encoders that are installed and do not work, those of hardware, and what of
 * H.264 is looked at. */

#include "media/vmcodec.h"
#include "media/vmh264.h"
#include "media/vmhardware.h"
#include "program.h"

#include <string.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);

typedef struct
{
  GstElement parent;
} Broken;

typedef struct
{
  GstElementClass parent;
} BrokenClass;

static GType broken_get_type (void);
G_DEFINE_TYPE (Broken, broken, GST_TYPE_ELEMENT)

static GstStateChangeReturn
broken_change_state (GstElement *element, GstStateChange change)
{
  return change == GST_STATE_CHANGE_NULL_TO_READY
             ? GST_STATE_CHANGE_FAILURE
             : GST_ELEMENT_CLASS (broken_parent_class)
                   ->change_state (element, change);
}

static void
broken_class_init (BrokenClass *klass)
{
  GST_ELEMENT_CLASS (klass)->change_state = broken_change_state;
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass), "Broken",
      "Codec/Encoder/Video", "Has no driver", "nobody");
}

static void
broken_init (Broken *self)
{
  GstElement *element = (GstElement *) self;

  gst_element_add_pad (element, gst_pad_new ("sink", GST_PAD_SINK));
  gst_element_add_pad (element, gst_pad_new ("src", GST_PAD_SRC));
}

static void
break_encoder (const gchar *name)
{
  gst_element_register (NULL, name, GST_RANK_NONE, broken_get_type ());
}

static gchar *
encoder_name (GstElement *bin)
{
  g_autoptr (GstElement) encoder =
      gst_bin_get_by_name (GST_BIN (bin), "encoder");

  return g_strdup (GST_OBJECT_NAME (gst_element_get_factory (encoder)));
}

/* The next one is used, and where there is none that works it is said. */
GST_START_TEST (test_next_encoder)
{
  g_autoptr (GstElement) first = NULL, second = NULL;
  g_autofree gchar *first_name = NULL, *second_name = NULL;
  g_autoptr (GError) error = NULL;

  first = vm_codec_make_encoder (VM_CODEC_H264, 500000, &error);
  g_assert_no_error (error);
  gst_object_ref_sink (first);
  first_name = encoder_name (first);
  fail_unless_equals_string (first_name, "x264enc");
  break_encoder ("x264enc");
  second = vm_codec_make_encoder (VM_CODEC_H264, 500000, &error);
  g_assert_no_error (error);
  gst_object_ref_sink (second);
  second_name = encoder_name (second);
  fail_unless_equals_string (second_name, "openh264enc");
  break_encoder ("openh264enc");
  fail_unless (vm_codec_make_encoder (VM_CODEC_H264, 500000, &error) == NULL);
  fail_unless (strstr (error->message, "openh264enc"), "%s", error->message);
}

GST_END_TEST;

/* Hardware, as its drivers show it: an encoder of the highest rank. */

typedef struct
{
  GstBin parent;
  GstElement *inner;
  guint bitrate, bframes, interval;
} Fake;

typedef struct
{
  GstBinClass parent;
  gboolean no_driver, no_frame;
} FakeClass;

enum
{
  PROP_BITRATE = 1,
  PROP_B_FRAMES,
  PROP_KEY_INT_MAX
};

static GType fake_get_type (void);
G_DEFINE_TYPE (Fake, fake, GST_TYPE_BIN)

static guint *
fake_field (Fake *self, guint id)
{
  return id == PROP_BITRATE    ? &self->bitrate
         : id == PROP_B_FRAMES ? &self->bframes
                               : &self->interval;
}

static void
fake_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  *fake_field ((Fake *) object, id) = g_value_get_uint (value);
}

static void
fake_get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  g_value_set_uint (value, *fake_field ((Fake *) object, id));
}

static GstFlowReturn
fake_refuse (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  gst_buffer_unref (buffer);
  return GST_FLOW_ERROR;
}

static GstStateChangeReturn
fake_change_state (GstElement *element, GstStateChange change)
{
  FakeClass *klass = G_TYPE_INSTANCE_GET_CLASS (element, 0, FakeClass);
  g_autoptr (GstPad) sink =
      gst_element_get_static_pad (((Fake *) element)->inner, "sink");

  if (klass->no_driver && change == GST_STATE_CHANGE_NULL_TO_READY)
    return GST_STATE_CHANGE_FAILURE;
  if (klass->no_frame)
    gst_pad_set_chain_function (sink, fake_refuse);
  return GST_ELEMENT_CLASS (fake_parent_class)->change_state (element, change);
}

static void
fake_class_init (FakeClass *klass)
{
  static const gchar *const names[] = { "bitrate", "b-frames", "key-int-max" };
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  g_autoptr (GstCaps) raw = gst_caps_from_string ("video/x-raw");
  g_autoptr (GstCaps) h264 = gst_caps_from_string ("video/x-h264");

  G_OBJECT_CLASS (klass)->set_property = fake_set_property;
  G_OBJECT_CLASS (klass)->get_property = fake_get_property;
  element_class->change_state = fake_change_state;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_object_class_install_property (G_OBJECT_CLASS (klass), i + 1,
        g_param_spec_uint (
            names[i], names[i], names[i], 0, G_MAXUINT, 7, G_PARAM_READWRITE));
  gst_element_class_set_static_metadata (
      element_class, "Fake", "Codec/Encoder/Video/Hardware", "Fake", "nobody");
  gst_element_class_add_pad_template (element_class,
      gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, raw));
  gst_element_class_add_pad_template (element_class,
      gst_pad_template_new ("src", GST_PAD_SRC, GST_PAD_ALWAYS, h264));
}

static void
fake_init (Fake *self)
{
  g_autoptr (GstPad) sink = NULL, src = NULL;

  self->bframes = 7;
  self->inner = gst_element_factory_make ("openh264enc", NULL);
  gst_bin_add (GST_BIN (self), self->inner);
  sink = gst_element_get_static_pad (self->inner, "sink");
  src = gst_element_get_static_pad (self->inner, "src");
  gst_element_add_pad (GST_ELEMENT (self), gst_ghost_pad_new ("sink", sink));
  gst_element_add_pad (GST_ELEMENT (self), gst_ghost_pad_new ("src", src));
}

#define FAKE(Name, name, what)                       \
  typedef Fake Name;                                 \
  typedef FakeClass Name##Class;                     \
  static GType name##_get_type (void);               \
  G_DEFINE_TYPE (Name, name, fake_get_type ())       \
  static void name##_init (Name *self)               \
  {                                                  \
  }                                                  \
  static void name##_class_init (Name##Class *klass) \
  {                                                  \
    what;                                            \
  }

FAKE (Works, works, klass->no_driver = FALSE)
FAKE (Low, low, klass->no_driver = FALSE)
FAKE (Driverless, driverless, klass->no_driver = TRUE)
FAKE (Frameless, frameless, klass->no_frame = TRUE)

static void
remove_encoder (const gchar *name)
{
  GstRegistry *registry = gst_registry_get ();
  g_autoptr (GstPluginFeature) feature =
      gst_registry_find_feature (registry, name, GST_TYPE_ELEMENT_FACTORY);

  gst_registry_remove_feature (registry, feature);
}

/* The highest rank is taken where it works, at rest and with a picture; it has
 * the settings of a call by the names that it knows. */
GST_START_TEST (test_hardware)
{
  const struct
  {
    const gchar *name;
    GType type;
    gboolean taken;
  } rows[] = { { "fakedriverless", driverless_get_type (), FALSE },
    { "fakeframeless", frameless_get_type (), FALSE },
    { "fakeworks", works_get_type (), TRUE } };
  guint rank = GST_RANK_PRIMARY + 100;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GstElement) bin = NULL, encoder = NULL;
    g_autofree gchar *name = NULL;
    guint bitrate, bframes, interval;

    gst_element_register (NULL, rows[i].name, rank++, rows[i].type);
    bin = vm_codec_make_encoder (VM_CODEC_H264, 500000, &error);
    g_assert_no_error (error);
    gst_object_ref_sink (bin);
    name = encoder_name (bin);
    fail_unless_equals_string (name, rows[i].taken ? rows[i].name : "x264enc");
    if (!rows[i].taken)
      continue;
    vm_codec_set_bitrate (bin, VM_CODEC_H264, 900000);
    encoder = gst_bin_get_by_name (GST_BIN (bin), "encoder");
    g_object_get (encoder, "bitrate", &bitrate, "b-frames", &bframes,
        "key-int-max", &interval, NULL);
    fail_unless_equals_int (bitrate, 900);
    fail_unless_equals_int (bframes, 0);
    fail_unless_equals_int (interval, VM_HARDWARE_KEY_INTERVAL);
    vm_codec_give_up_encoder (bin);
  }
  /* it has failed in a call */
  {
    g_autoptr (GstElement) bin =
        vm_codec_make_encoder (VM_CODEC_H264, 500000, &error);
    g_autofree gchar *name = NULL;

    g_assert_no_error (error);
    gst_object_ref_sink (bin);
    name = encoder_name (bin);
    fail_unless_equals_string (name, "x264enc");
  }
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    remove_encoder (rows[i].name);
}

GST_END_TEST;

/* What ranks below the encoders of the table is not taken. */
GST_START_TEST (test_hardware_of_a_low_rank)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) bin = NULL;
  g_autofree gchar *name = NULL;

  gst_element_register (NULL, "fakelow", GST_RANK_PRIMARY - 1, low_get_type ());
  bin = vm_codec_make_encoder (VM_CODEC_H264, 500000, &error);
  g_assert_no_error (error);
  gst_object_ref_sink (bin);
  name = encoder_name (bin);
  fail_unless_equals_string (name, "x264enc");
  remove_encoder ("fakelow");
}

GST_END_TEST;

#define UNIT(...) \
  (const guint8[]){ __VA_ARGS__ }, sizeof ((guint8[]){ __VA_ARGS__ })

static const struct
{
  const guint8 *data;
  gsize size;
  gboolean b;
} pictures[] = {
  /* slice types 0 to 9 of the first slice: 1 and 6 are B */
  { UNIT (0, 0, 1, 0x41, 0xc0, 0x00), FALSE },
  { UNIT (0, 0, 1, 0x41, 0xa0, 0x00), TRUE },
  { UNIT (0, 0, 1, 0x65, 0xb0, 0x00), FALSE },
  { UNIT (0, 0, 1, 0x41, 0x98, 0x00), FALSE },
  { UNIT (0, 0, 1, 0x41, 0x9c, 0x00), TRUE },
  { UNIT (0, 0, 1, 0x41, 0x9a, 0x00), FALSE },
  { UNIT (0, 0, 1, 0x65, 0x88, 0x80), FALSE },
  /* behind a delimiter and parameter sets, which may look like a slice */
  { UNIT (0, 0, 0, 1, 0x09, 0xa0, 0, 0, 1, 0x67, 0xa0, 0x00, 0, 0, 1, 0x68,
        0xa0, 0x00, 0, 0, 1, 0x01, 0xa0, 0x00),
      TRUE },
  { UNIT (0, 0, 1, 0x67, 0xa0, 0x00, 0, 0, 1, 0x41, 0xc0, 0x00), FALSE },
  /* no first slice */
  { UNIT (0, 0, 1, 0x41, 0x20, 0x00), FALSE },
  /* cut short: of the last byte below, at and above what is read */
  { UNIT (0, 0, 1, 0x41), FALSE },
  { UNIT (0, 0, 1, 0x41, 0xa0), FALSE },
  { UNIT (0, 0, 1, 0x41, 0xa0, 0x00, 0x00), TRUE },
  { UNIT (0), FALSE },
};

GST_START_TEST (test_b_pictures)
{
  fail_unless_equals_int (
      vm_h264_is_b_picture (pictures[__i__].data, pictures[__i__].size),
      pictures[__i__].b);
}

GST_END_TEST;

static Suite *
vmcodec_suite (void)
{
  Suite *s = suite_create ("vmcodec");
  TCase *tc = tcase_create ("general");

  GST_DEBUG_CATEGORY_INIT (vm_signal_debug, "vmsignalbin", 0, "under test");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_hardware_of_a_low_rank);
  tcase_add_test (tc, test_hardware);
  tcase_add_test (tc, test_next_encoder);
  tcase_add_loop_test (tc, test_b_pictures, 0, G_N_ELEMENTS (pictures));
  return s;
}

CHECK_PROGRAM (vmcodec)
