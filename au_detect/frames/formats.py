"""What FFmpeg may open: nothing but what is listed here.

FFmpeg knows formats that name other files (play lists, ``ffconcat``) and draw texts. A path
is opened by the listed formats, which are known by their content and read that one file; a URL by
these, the play lists of streaming, and protocols of the network.
"""

VIDEO_FORMATS = (
    *("mov", "matroska", "avi", "asf", "flv", "ogg", "mpegts", "mpeg", "mpegvideo", "rm", "wtv"),
    *("h261", "h263", "h264", "hevc", "vvc", "m4v", "mjpeg", "av1", "obu", "ivf", "vc1", "dirac"),
    *("dv", "mxf", "gxf", "nut", "yuv4mpegpipe", "cine", "ser", "swf", "gif", "apng"),
)

PICTURE_FORMATS = (
    *("image2", "bmp_pipe", "dpx_pipe", "exr_pipe", "j2k_pipe", "jpegls_pipe", "jpegxl_pipe"),
    *("pam_pipe", "pcx_pipe", "pfm_pipe", "qoi_pipe", "sgi_pipe", "sunrast_pipe"),
)
"""Formats that hold one picture. image2, which can count through files, is told not to."""

BARE_FORMATS = frozenset(
    ("h261", "h263", "h264", "hevc", "vvc", "m4v", "mjpeg", "mpegvideo", "obu", "vc1", "dirac")
)
"""Coded pictures without time stamps, one after the other."""

RESTARTING_FORMATS = frozenset(("mpegts", "mpeg"))
"""Formats in which time may start anew at any frame."""

URL_FORMATS = ("hls", "dash", "rtsp", "rtp", "sdp", "mpjpeg", "live_flv")

URL_SCHEMES = (
    *("http", "https", "rtsp", "rtsps", "rtmp", "rtmps", "rtp", "srtp", "srt", "udp", "tcp", "tls"),
    "mms",
)

FILE_OPTIONS = {
    "format_whitelist": ",".join(VIDEO_FORMATS + PICTURE_FORMATS),
    "protocol_whitelist": "file",
    "pattern_type": "none",
}

URL_OPTIONS = {
    "format_whitelist": ",".join(VIDEO_FORMATS + URL_FORMATS),
    "protocol_whitelist": ",".join((*URL_SCHEMES, "httpproxy", "crypto", "data")),
}
