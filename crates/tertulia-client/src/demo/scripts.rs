//! Who is in the rooms of the demonstration and what they say: ten rooms, several languages and scripts.

use super::PEOPLE;

/// What people react with.
pub(super) const REACTIONS: [&str; 8] = ["👍", "❤️", "😂", "🎉", "😮", "🙏", "🔥", "☕"];

/// A room, its people, and lines with the number of who says them.
#[derive(Debug)]
pub(super) struct Script {
    pub room: &'static str,
    pub topic: &'static str,
    pub people: [&'static str; PEOPLE],
    pub lines: &'static [(usize, &'static str)],
}

pub(super) const SCRIPTS: &[Script] = &[
    Script {
        room: "Café Gijón",
        topic: "Libros, teatro y lo que surja",
        people: ["Amaia Etxeberria", "Julián Sotomayor", "Lucía Prats", "Nuno Carvalho", "Inés Bermejo"],
        lines: &[
            (0, "Buenas tardes. ¿Quién ha terminado ya la novela?"),
            (1, "Yo, anoche, a las tres de la mañana. No podía soltarla."),
            (2, "A mí el final me pareció apresurado, la verdad."),
            (3, "Concordo com a Lucía: as últimas vinte páginas correm demais."),
            (4, "Pues a mí me gustó justo por eso. La vida también acaba deprisa."),
            (1, "Inés, eso es una frase para el prólogo."),
            (0, "El jueves nos vemos aquí a las siete, ¿os va bien?"),
            (2, "Llego a las siete y media, guardadme sitio junto a la ventana."),
            (3, "Eu levo os bolinhos."),
            (4, "Y para el mes que viene propongo algo corto: ¿cuentos de Cortázar?"),
            (0, "Apuntado. Julián, ¿tienes tú los ejemplares?"),
            (1, "Tengo dos. Los dejo en la barra, preguntad por Marcos."),
        ],
    },
    Script {
        room: "Release 4.2",
        topic: "What is left before Thursday",
        people: ["Maya Lindqvist", "Tom Okafor", "Priya Raman", "Jonas Weber", "Chen Wei"],
        lines: &[
            (0, "Morning! Three things left on the list: the importer, the docs, the upgrade test."),
            (1, "Importer is done, review is open. It's smaller than it looks, most of it is the fixture."),
            (2, "Looking at it now."),
            (3, "The upgrade test fails on my machine when the disk is slow. Not in CI, though."),
            (4, "Same here. I think we wait for the wrong event. Give me half an hour."),
            (2, "Review done, two small remarks."),
            (1, "Fixed both, thanks for the catch with the empty file."),
            (4, "Found it: the test counted from the start of the process, not from readiness."),
            (0, "So the product was right and the test was wrong? My favourite kind of bug."),
            (3, "Docs are in. Somebody please read the page about backups with fresh eyes."),
            (
                2,
                "Reading it: \"a copy that was never restored is a hope, not a backup\". Keep that sentence.",
            ),
            (0, "Then we tag on Thursday morning. Cake is in the kitchen."),
        ],
    },
    Script {
        room: "Mendizale taldea",
        topic: "Igandeko irteerak",
        people: ["Ane Agirre", "Mikel Zubia", "Nerea Olano", "Jon Iriarte", "Maddi Larrañaga"],
        lines: &[
            (0, "Kaixo! Igandean Txindokira, nor animatzen da?"),
            (1, "Ni bai, baina goiz irten behar dugu, beroa dator."),
            (2, "Zortzietan Larraitzen?"),
            (3, "Zazpi eta erdietan hobeto, aparkalekua bete egiten da."),
            (4, "Nik gazta eta sagardoa eramango ditut."),
            (0, "Primeran. Euria egiten badu, plana aldatuko dugu."),
            (2, "Iragarpenak eguzkia dio, baina badakizue nolakoak diren iragarpenak."),
            (1, "Bota berri batzuk ditut, ikusi behar dituzue."),
            (3, "Berriak mendirako? Hartu tiritak ere."),
            (4, "Bueltan bazkaria Amezketan, mahaia gordeta dago."),
        ],
    },
    Script {
        room: "مقهى الفيشاوي",
        topic: "شعر وموسيقى",
        people: ["ليلى حداد", "عمر الشريف", "سلمى منصور", "يوسف قباني", "Nadia Haddad"],
        lines: &[
            (0, "مساء الخير جميعًا، من سيأتي إلى الأمسية غدًا؟"),
            (1, "سأكون هناك في الثامنة إن شاء الله."),
            (2, "هل نقرأ محمود درويش هذه المرة أم نزار قباني؟"),
            (3, "أقترح قصيدة واحدة لكل منهما."),
            (4, "Je peux apporter l'oud, si quelqu'un m'aide à le porter."),
            (1, "سأساعدك يا نادية، بيتي قريب من بيتك."),
            (0, "ممتاز! والشاي بالنعناع عليّ."),
            (2, "لا تنسوا: الدور الثاني، الباب الأخضر."),
            (3, "كتبت شيئًا جديدًا، لكنني متردد في قراءته…"),
            (4, "اقرأه! نحن أصدقاء هنا."),
        ],
    },
    Script {
        room: "東京読書会",
        topic: "毎月第二土曜日",
        people: ["佐藤 美咲", "田中 健太", "Emily Carter", "山本 葵", "鈴木 大輔"],
        lines: &[
            (0, "こんばんは。今月の本、もう読み始めましたか？"),
            (1, "まだ三章です。電車の中で少しずつ読んでいます。"),
            (3, "私は昨日読み終わりました。最後の手紙の場面、泣きました。"),
            (2, "I'm reading it side by side with the translation. 難しいけど楽しい!"),
            (4, "翻訳は誰のですか？"),
            (2, "The older one, from 1957. 少し古い英語です。"),
            (0, "土曜日は神保町の喫茶店でいいですか？"),
            (1, "いいですね。二時ごろ？"),
            (3, "二時で大丈夫です。席を予約しておきます。"),
            (4, "雨なら傘を忘れずに。駅から少し歩きます。"),
        ],
    },
    Script {
        room: "Werkstatt am Kanal",
        topic: "Fahrräder, Lastenräder, Kaffee",
        people: ["Katrin Vogel", "Deniz Yılmaz", "Paul Achterberg", "Svenja Böttcher", "Ömer Kaya"],
        lines: &[
            (0, "Moin! Die Teile für das rote Lastenrad sind da."),
            (1, "Super, dann kann ich heute Nachmittag die Bremse tauschen."),
            (2, "Bitte den Drehmomentschlüssel wieder an den Haken. Bitte. 🙏"),
            (3, "Das war ich. Er liegt jetzt am Haken, versprochen."),
            (4, "Kim yarın açıyor? Ben sabah gelemem."),
            (1, "Ben açarım, dokuzda oradayım."),
            (0, "Und am Samstag ist Reparaturtag, wir brauchen noch zwei Leute am Empfang."),
            (3, "Ich mache mit."),
            (2, "Ich auch, wenn es Kuchen gibt."),
            (4, "Es gibt Baklava. 40 Stück."),
            (0, "Dann sind wir vollzählig."),
        ],
    },
    Script {
        room: "Équipe de nuit",
        topic: "Passations et petites nouvelles",
        people: ["Camille Fontaine", "Baptiste Morel", "Aïcha Diallo", "Hugo Lefèvre", "Zoé Marchand"],
        lines: &[
            (0, "Bonsoir, la passation : tout est calme, deux entrées vers 19 h."),
            (1, "Merci Camille. Le badge de la porte nord marche à nouveau ?"),
            (2, "Oui, réparé cet après-midi."),
            (3, "Attention, l'ascenseur B s'arrête entre deux étages quand il est vide. Et seulement vide."),
            (4, "Donc il a peur de la solitude."),
            (2, "😂 Je mets ça dans le rapport."),
            (0, "Il reste du gratin dans la salle de pause, étagère du haut."),
            (1, "Tu es la meilleure d'entre nous."),
            (3, "Pause à trois heures pour tout le monde ?"),
            (4, "Trois heures, comme toujours."),
        ],
    },
    Script {
        room: "रसोई और मसाले",
        topic: "Recipes from everywhere",
        people: ["अनन्या शर्मा", "Rahul Menon", "Fatima Noor", "विक्रम जोशी", "Grace Adeyemi"],
        lines: &[
            (0, "नमस्ते! आज रात बिरयानी बना रही हूँ, कोई सुझाव?"),
            (1, "Soak the rice for thirty minutes and don't lift the lid. That's the whole secret."),
            (2, "And fried onions. More than you think. Then a little more."),
            (3, "दादी कहती हैं केवड़ा मत भूलना।"),
            (4, "I'll answer with jollof, and we let history decide."),
            (1, "Oh no. Not this debate again."),
            (0, "दोनों बनाओ, दोनों खाओ। समस्या हल!"),
            (2, "Photo please when it's done."),
            (3, "मैं तो सीधे घर आ रहा हूँ।"),
            (4, "Save me a plate, I bring the plantains."),
        ],
    },
    Script {
        room: "Sala de máquinas",
        topic: "Servidores, redes y café",
        people: ["Héctor Quiroga", "Valentina Rossi", "Mateo Figueroa", "Olga Petrova", "Siobhán Byrne"],
        lines: &[
            (0, "Aviso: a las 22:00 cambio el disco del nodo 3. No debería notarse nada."),
            (1, "\"No debería notarse nada\", dijo antes de la tormenta."),
            (2, "Yo estoy de guardia, escríbeme antes de tocar."),
            (3, "Копия базы готова, я её уже восстановила на тестовой машине и проверила."),
            (0, "Gracias, Olga. Eso es lo que me deja dormir."),
            (4, "Latency graph is flat. I'm watching it with popcorn."),
            (0, "Empiezo."),
            (2, "Veo el nodo salir y los demás tomar su parte. Medio segundo."),
            (4, "p99 didn't even blink."),
            (0, "Terminado. Invito yo el café mañana."),
            (3, "Записала. Свидетелей достаточно."),
        ],
    },
    Script {
        room: "פרלמנט של שישי",
        topic: "קפה, חדשות וויכוחים",
        people: ["נועה ברק", "איתי לוי", "Daniel Stern", "תמר כהן", "יונתן שגב"],
        lines: &[
            (0, "בוקר טוב! מי מגיע היום?"),
            (1, "אני בדרך, עשר דקות."),
            (2, "Running late, order me the usual please."),
            (3, "הזמנתי לך. השולחן בחוץ, בצל."),
            (4, "תתחילו בלי, אבל אל תסיימו את הבורקס."),
            (0, "אי אפשר להבטיח דבר כזה."),
            (1, "מישהו קרא את המאמר ששלחתי?"),
            (3, "קראתי. אני לא מסכימה עם אף מילה, ולכן נהניתי מאוד."),
            (2, "That's why I come every week."),
            (4, "הגעתי! איפה אתם?"),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_speaks_within_the_limits() {
        assert_eq!(SCRIPTS.len(), 10);
        for script in SCRIPTS {
            assert!(script.lines.iter().all(|(speaker, text)| *speaker < PEOPLE && !text.trim().is_empty()));
            assert!((0..PEOPLE).all(|person| script.lines.iter().any(|(speaker, _)| *speaker == person)));
            assert!(script.room.chars().count() <= 80 && script.topic.chars().count() <= 250);
        }
    }
}
