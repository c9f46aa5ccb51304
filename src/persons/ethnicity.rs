//! The 54 ethnic groups of Vietnam.

use crate::db::types::text_enum;

text_enum! {
    /// Ethnic group, after the list of the statistics office (Decision 121-TCTK/PPCĐ of
    /// 02/03/1979). A closed list: free text could hold a name.
    Ethnicity {
        /// Kinh.
        Kinh = "kinh",
        /// Tày.
        Tay = "tay",
        /// Thái.
        Thai = "thai",
        /// Mường.
        Muong = "muong",
        /// Khmer.
        Khmer = "khmer",
        /// Hoa.
        Hoa = "hoa",
        /// Nùng.
        Nung = "nung",
        /// Mông.
        Hmong = "hmong",
        /// Dao.
        Dao = "dao",
        /// Gia Rai.
        GiaRai = "gia_rai",
        /// Ê Đê.
        Ede = "ede",
        /// Ba Na.
        BaNa = "ba_na",
        /// Sán Chay.
        SanChay = "san_chay",
        /// Chăm.
        Cham = "cham",
        /// Cơ Ho.
        CoHo = "co_ho",
        /// Xơ Đăng.
        XoDang = "xo_dang",
        /// Sán Dìu.
        SanDiu = "san_diu",
        /// Hrê.
        Hre = "hre",
        /// Ra Glai.
        RaGlai = "ra_glai",
        /// Mnông.
        Mnong = "mnong",
        /// Thổ.
        Tho = "tho",
        /// Xtiêng.
        Xtieng = "xtieng",
        /// Khơ Mú.
        KhoMu = "kho_mu",
        /// Bru – Vân Kiều.
        BruVanKieu = "bru_van_kieu",
        /// Cơ Tu.
        CoTu = "co_tu",
        /// Giáy.
        Giay = "giay",
        /// Tà Ôi.
        TaOi = "ta_oi",
        /// Mạ.
        Ma = "ma",
        /// Gié Triêng.
        GieTrieng = "gie_trieng",
        /// Co.
        Co = "co",
        /// Chơ Ro.
        ChoRo = "cho_ro",
        /// Xinh Mun.
        XinhMun = "xinh_mun",
        /// Hà Nhì.
        HaNhi = "ha_nhi",
        /// Chu Ru.
        ChuRu = "chu_ru",
        /// Lào.
        Lao = "lao",
        /// La Chí.
        LaChi = "la_chi",
        /// Kháng.
        Khang = "khang",
        /// Phù Lá.
        PhuLa = "phu_la",
        /// La Hủ.
        LaHu = "la_hu",
        /// La Ha.
        LaHa = "la_ha",
        /// Pà Thẻn.
        PaThen = "pa_then",
        /// Lự.
        Lu = "lu",
        /// Ngái.
        Ngai = "ngai",
        /// Chứt.
        Chut = "chut",
        /// Lô Lô.
        LoLo = "lo_lo",
        /// Mảng.
        Mang = "mang",
        /// Cơ Lao.
        CoLao = "co_lao",
        /// Bố Y.
        BoY = "bo_y",
        /// Cống.
        Cong = "cong",
        /// Si La.
        SiLa = "si_la",
        /// Pu Péo.
        PuPeo = "pu_peo",
        /// Rơ Măm.
        RoMam = "ro_mam",
        /// Brâu.
        Brau = "brau",
        /// Ơ Đu.
        ODu = "o_du",
        /// Another, or of another country.
        Other = "other",
    }
}
